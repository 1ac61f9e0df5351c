import Basics
import Foundation
import Testing
import World

// What goes out comes in again, and then goes out as the same bytes.

extension Serial {
    @Suite(.serialized) struct ExportTests {
        private static let world = [
            "--people", "300", "--places", "240", "--cities", "3", "--visits", "30", "--seed", "5",
        ]
        private static let tables = TableKind.allCases.map(\.rawValue)

        private func lines(_ file: URL) throws -> [Substring] {
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        }

        @Test func whatIsImportedAgainIsExportedAsTheSameBytes() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let expected = try ExpectedCity.world(people: 300, places: 240, cities: 3, visits: 30, seed: 5)
            for format in ["csv", "tsv", "jsonl"] {
                let first = cluster.home.appending(path: "first-\(format)")
                let report: ExportAnswer = try cluster.json("export", first.path, "--format", format)
                #expect(report.rows("people") == 300 && report.rows("places") == 240)
                #expect(report.rows("visits") == expected.values.reduce(0) { $0 + $1.visits.count })
                let ties = expected.values.reduce(into: Set<[UInt64]>()) { $0.formUnion($1.friendships) }
                #expect(report.rows("friendships") == ties.count)

                let other = try TestCluster()
                defer { other.stop() }
                let outcome = try other.muster("import", first.path, "--json")
                try #require(outcome.status == 0, "\(outcome.complaint)")
                let read = try JSONDecoder().decode(ImportAnswer.self, from: Data(outcome.output.utf8))
                #expect(read.rejected == 0 && read.known == 0)
                #expect(try other.eventually { try other.holds(expected) })
                let second = other.home.appending(path: "second")
                let _: ExportAnswer = try other.json("export", second.path, "--format", format)
                for table in Self.tables {
                    let before = try Data(contentsOf: first.appending(path: "\(table).\(format)"))
                    let after = try Data(contentsOf: second.appending(path: "\(table).\(format)"))
                    #expect(before == after, "\(table)")
                }
            }
        }

        @Test func embeddingsLeaveWithTheirCityAndModel() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            // Without a model there is nothing but the head.
            let early = try cluster.muster("export", "-", "--tables", "place_embeddings")
            #expect(early.output == "place_id,city_id,model_version,embedding\n")

            let job = try cluster.job("train", "--rounds", "1", "--steps", "5")
            let folder = cluster.home.appending(path: "vectors")
            let report: ExportAnswer = try cluster.json(
                "export", folder.path, "--tables", "people_embeddings,place_embeddings")
            #expect(report.tables.map(\.table) == ["people_embeddings", "place_embeddings"])
            let people = try lines(folder.appending(path: "people_embeddings.csv")).dropFirst()
                .map { $0.split(separator: ",") }
            #expect(people.filter { $0[2] == "true" }.count == 300)
            #expect(Set(people.map { "\($0[0]) \($0[1])" }).count == people.count)
            #expect(people.allSatisfy { $0[3] == "\(job.job)" })
            // The last entry of a person is the factor of the places' bias: popularity counts, more or less.
            let factors = people.compactMap { $0[4].split(separator: ";").last.flatMap { Float($0) } }
            #expect(factors.count == people.count && factors.allSatisfy { $0 >= 0 && $0.isFinite })
            let places = try lines(folder.appending(path: "place_embeddings.csv"))
            #expect(places.count == 241)
            // The columns of the network and of what was fitted for each person; those of a place fit them.
            let columns = Set(people.map { "\($0[1]) \($0[4].split(separator: ";").count)" })
            let others = places.dropFirst().map { $0.split(separator: ",") }
            #expect(columns == Set(others.map { "\($0[1]) \($0[3].split(separator: ";").count)" }))
            #expect(places[1].split(separator: ",")[3].split(separator: ";").allSatisfy { Float($0)?.isFinite == true })
        }

        @Test func oneCityOrOneTableCanBeAskedFor() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let status: StatusAnswer = try cluster.json("status")
            let city = try #require(status.cities.last)
            let outcome = try cluster.muster("export", "-", "--tables", "places", "--city", city.name)
            let rows = outcome.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
            #expect(UInt64(rows.count) == city.places && rows.allSatisfy { $0[1] == city.name })

            let folder = cluster.home.appending(path: "full").path
            #expect(try cluster.muster("export", folder).status == 0)
            for (arguments, status, words) in [
                (["export"], 2, "export to where"),
                (["export", folder], 1, "not empty"),
                (["export", "-"], 2, "one table"),
                (["export", "-", "--tables", "vists"], 2, "did you mean 'visits'"),
                (["export", folder + "2", "--city", "Atlantis"], 1, "no city 'Atlantis'"),
                (["export", folder + "2", "--format", "xlsx"], 2, "parquet"),
            ] {
                let outcome = try cluster.run("muster", arguments)
                #expect(outcome.status == Int32(status), "\(arguments)")
                #expect(outcome.complaint.contains(words), "\(arguments): \(outcome.complaint)")
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "2"))
        }

        /// With pyarrow, what goes out as Parquet comes in again; without, it is said what to do.
        @Test func parquetGoesThroughPyarrowOrSaysWhatIsMissing() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let folder = cluster.home.appending(path: "parquet")
            let outcome = try cluster.muster("export", folder.path, "--format", "parquet")
            if try cluster.run("cluster/parquet", ["check"]).status == 3 {
                #expect(outcome.status == 1 && outcome.complaint.contains("pip install pyarrow"))
                #expect(!FileManager.default.fileExists(atPath: folder.path))
                return
            }
            try #require(outcome.status == 0, "\(outcome.complaint)")
            let first = cluster.home.appending(path: "csv")
            #expect(try cluster.muster("export", first.path).status == 0)

            let other = try TestCluster()
            defer { other.stop() }
            let read = try other.muster("import", folder.path)
            try #require(read.status == 0, "\(read.complaint)")
            let second = other.home.appending(path: "csv")
            #expect(try other.muster("export", second.path).status == 0)
            for table in Self.tables {
                let before = try Data(contentsOf: first.appending(path: "\(table).csv"))
                let after = try Data(contentsOf: second.appending(path: "\(table).csv"))
                #expect(before == after, "\(table)")
            }
        }

        @Test func ofADamagedPackedFileNothingIsLoaded() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let folder = cluster.home.appending(path: "packed")
            #expect(try cluster.muster("export", folder.path, "--gzip").status == 0)
            let file = folder.appending(path: "visits.csv.gz")
            let whole = try Data(contentsOf: file)
            try whole.prefix(whole.count * 9 / 10).write(to: file)

            let other = try TestCluster(workers: 1)
            defer { other.stop() }
            let outcome = try other.muster("import", folder.path)
            #expect(outcome.status == 1 && outcome.complaint.contains("visits.csv.gz"), "\(outcome.complaint)")
            let status: StatusAnswer = try other.json("status")
            #expect(status.cities.isEmpty)
            try whole.write(to: file)
            #expect(try other.muster("import", folder.path).status == 0)
        }

        @Test func anExportThatFailsLeavesNoTable() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            // A script that fails where Parquet would be written.
            let script = cluster.home.appending(path: "broken-parquet")
            try "#!/bin/sh\n[ \"$1\" = check ] && exit 0\nhead -c 10 >/dev/null\nexit 1\n"
                .write(to: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
            let folder = cluster.home.appending(path: "half")
            let outcome = try cluster.run(
                "muster", ["export", folder.path, "--format", "parquet"], environment: ["MUSTER_PARQUET": script.path])
            #expect(outcome.status == 1 && outcome.complaint.contains("broken-parquet failed"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }
}

/// The answer of `muster export --json`.
private struct ExportAnswer: Decodable {
    struct Table: Decodable {
        var table: String
        var file: String
        var rows: Int
    }

    var tables: [Table]

    func rows(_ table: String) -> Int? { tables.first { $0.table == table }?.rows }
}
