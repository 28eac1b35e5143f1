/* Runs every test on the instruction set that GUSTO_TEST_ISA names ("reference", "avx2", "avx512"; unset: the best there is).
 *
 * The library reads no environment, so the tests do it for it: the linker turns the tests' calls of gusto_context_create into calls
 * of the wrapper below. A processor or build without that instruction set is an error, not a silent pass. */
#include <gusto/context.h>

#include <stdlib.h>
#include <string.h>

gusto_status __real_gusto_context_create(const gusto_allocator *allocator, gusto_context **out);
gusto_status __wrap_gusto_context_create(const gusto_allocator *allocator, gusto_context **out);

gusto_status __wrap_gusto_context_create(const gusto_allocator *allocator, gusto_context **out)
{
    gusto_status      status = __real_gusto_context_create(allocator, out);
    const char *const name = getenv("GUSTO_TEST_ISA");
    if (status < 0 || !name)
        return status;

    status = GUSTO_EARG;
    for (int isa = GUSTO_ISA_REFERENCE; isa <= GUSTO_ISA_AVX512; isa++)
        if (strcmp(name, gusto_isa_name((gusto_isa)isa)) == 0)
            status = gusto_context_set_isa(*out, (gusto_isa)isa);
    if (status < 0) {
        gusto_context_destroy(*out);
        *out = NULL;
    }
    return status;
}
