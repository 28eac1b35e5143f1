/* Numbers as text, the same in every locale. */
#ifndef GU_NUMBER_H
#define GU_NUMBER_H

#include <gusto/types.h>

enum { GU_NUMBER_TEXT = 32 };

/* The whole of text [length] as a decimal number, correctly rounded. False if it is not one, or not finite. No blanks, no hex. */
bool gu_parse_real(const char *text, size_t length, double *out);

/* The whole of text [length] as a decimal integer. False if it is not one or does not fit. */
bool gu_parse_int(const char *text, size_t length, int64_t *out);

/* The shortest of %.15g, %.16g, %.17g that reads back as x.   out [GU_NUMBER_TEXT]. Returns its length. */
int gu_format_double(double x, char *out);

/* The same for a real: the shortest that reads back as the same gusto_real. */
int gu_format_real(gusto_real x, char *out);

#endif
