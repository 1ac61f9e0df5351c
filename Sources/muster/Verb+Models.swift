import Basics
import Wire

extension Verb {
    static let models = Verb(
        name: "models", summary: "list the versions of the model that cities keep", usage: "muster models [--json]"
    ) { invocation in
        try invocation.noMoreWords()
        try show(invocation.session().ask(ModelsRequest(), for: Models.self), isJSON: invocation.isJSON)
    }

    static let model = Verb(
        name: "model",
        summary: "let all cities answer with another version of the model",
        usage: """
            muster models                        which there are
            muster model use 3                   the one that job 3 trained, in all cities at once
            """
    ) { invocation in
        let words = invocation.words
        guard words.count == 2, words[0] == "use", let version = UInt64(words[1]) else {
            throw UsageError("say which version: muster model use 3; muster models lists them")
        }
        let order = UseModel(version: ModelVersion(version))
        try show(invocation.session().ask(order, for: Models.self), isJSON: invocation.isJSON)
    }

    private static func show(_ models: Models, isJSON: Bool) throws {
        let views = models.rows.map { ModelView($0) }
        if isJSON { return try printJSON(views) }
        print(views.isEmpty ? "no model yet: muster train" : ModelView.table(views))
    }
}
