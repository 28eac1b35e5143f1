/* Scalars that every other header uses. */
#ifndef GUSTO_TYPES_H
#define GUSTO_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The real number of ratings and parameters. `pkg-config --cflags gusto-double` defines GUSTO_DOUBLE. */
#ifdef GUSTO_DOUBLE
typedef double gusto_real;
#else
typedef float gusto_real;
#endif

#if defined __GNUC__
#define GUSTO_API __attribute__((visibility("default")))
#else
#define GUSTO_API
#endif

#ifdef __cplusplus
#define GUSTO_RESTRICT
#else
#define GUSTO_RESTRICT restrict
#endif

/* What becomes of an array that is handed over. */
typedef enum gusto_ownership {
    GUSTO_COPY,  /* the array is copied; the caller keeps his */
    GUSTO_BORROW /* the array is used in place: the caller keeps it alive and unchanged until the object is destroyed */
} gusto_ownership;

#endif
