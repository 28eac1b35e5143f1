/* What a call came to. Zero is success, positive is a valid early end, negative is an error. */
#ifndef GUSTO_STATUS_H
#define GUSTO_STATUS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUSTO_STATUS_LIST(X)                                                  \
    X(GUSTO_OK, 0, "success")                                                 \
    X(GUSTO_CANCELLED, 1, "stopped by the progress callback")                 \
    X(GUSTO_CONVERGED, 2, "stopped early: the validation metric stood still") \
    X(GUSTO_ENOMEM, -1, "out of memory")                                      \
    X(GUSTO_EARG, -2, "an argument is out of its domain")                     \
    X(GUSTO_EOPTION, -3, "unknown option, or value out of bounds")            \
    X(GUSTO_EIO, -4, "a file could not be read or written")                   \
    X(GUSTO_EFORMAT, -5, "a file is malformed")                               \
    X(GUSTO_EID, -6, "unknown user or item")                                  \
    X(GUSTO_EDIVERGED, -7, "a parameter became NaN or infinite")              \
    X(GUSTO_ESHAPE, -8, "shapes do not match")                                \
    X(GUSTO_EUNFIT, -9, "the model is not fitted")                            \
    X(GUSTO_EDUPLICATE, -10, "a (user, item) pair occurs twice")              \
    X(GUSTO_ECHECKSUM, -11, "a file is damaged: a checksum does not match")   \
    X(GUSTO_EVERSION, -12, "a file is of a version this library cannot read") \
    X(GUSTO_EOVERFLOW, -13, "a size or an id does not fit its type")          \
    X(GUSTO_ESINGULAR, -14, "a system of equations has no unique solution")   \
    X(GUSTO_EUNSUPPORTED, -15, "this model cannot do that")

typedef enum gusto_status {
#define GUSTO_STATUS_ENUM(name, value, text) name = value,
    GUSTO_STATUS_LIST(GUSTO_STATUS_ENUM)
#undef GUSTO_STATUS_ENUM
} gusto_status;

/* The text of a status, "unknown status" for a number that is none.   Returns a static string. */
GUSTO_API const char *gusto_status_text(gusto_status status);

/* The name of a status as it is spelled in C, e.g. "GUSTO_EIO".   Returns a static string. */
GUSTO_API const char *gusto_status_name(gusto_status status);

#ifdef __cplusplus
}
#endif
#endif
