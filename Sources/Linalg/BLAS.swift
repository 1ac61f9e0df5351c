// OpenBLAS chooses its kernels in a constructor that runs before `main`, from OPENBLAS_CORETYPE or from
// the processor's name. Version 0.3.21 does not know newer processors and gives them its AVX2 kernels,
// half as fast as its AVX-512 ones. Setting the variable from inside the process comes too late, so a
// program that multiplies replaces itself once, with the variable set, as the first thing in `main`.

import COpenBLAS
import CRelaxed
import Glibc

/// The one place that sets OpenBLAS up.
package enum BLAS {
    private static let coreVariable = "OPENBLAS_CORETYPE"
    private static let threadsVariable = "OPENBLAS_NUM_THREADS"

    /// Limits OpenBLAS to the calling thread: our own pool shares out the work, and a product that is cut for several
    /// threads is rounded in another way. Every product asks for this first, whoever began the process.
    static let isLimited: Void = openblas_set_num_threads(1)

    /// Limits OpenBLAS to the calling thread and names the kernels it took, such as "SkylakeX" or "Haswell". Cheap; may
    /// be called again. Does not change which kernels run.
    @discardableResult
    package static func configure() -> String {
        isLimited
        guard let name = openblas_get_corename() else { return "unknown" }
        return String(cString: name)
    }

    /// For the first line of a program's `main`: replaces the process by itself with OPENBLAS_NUM_THREADS=1 and, when
    /// the machine has AVX-512 and no core type is chosen yet, OPENBLAS_CORETYPE=SkylakeX. The first variable keeps
    /// this from happening twice; it also keeps OpenBLAS from starting threads before `main`, which would take
    /// signals away from the thread that waits for them. Otherwise, or when the system refuses, the same as
    /// `configure()`.
    /// `arguments` are the program's own, its name first. Nothing must be open or running before this call.
    @discardableResult
    package static func configure(arguments: [String]) -> String {
        if getenv(threadsVariable) == nil {
            setenv(threadsVariable, "1", 1)
            if machine_has_avx512() != 0 { setenv(coreVariable, "SkylakeX", 0) }
            replaceProcess(arguments)
        }
        return configure()
    }

    /// Returns only when the system refuses.
    private static func replaceProcess(_ arguments: [String]) {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        execv("/proc/self/exe", pointers)
        for pointer in pointers { free(pointer) }
    }
}
