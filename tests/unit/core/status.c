#include "../suite.h"

#include <string.h>

START_TEST(every_status_has_its_own_text_and_name)
{
    static const struct {
        gusto_status status;
        int          value;
        const char  *name;
    } all[] = {
#define ROW(name, value, text) {name, value, #name},
        GUSTO_STATUS_LIST(ROW)
#undef ROW
    };
    const size_t n = sizeof all / sizeof *all;
    for (size_t a = 0; a < n; a++) {
        ck_assert_int_eq(all[a].status, all[a].value);
        ck_assert_str_eq(gusto_status_name(all[a].status), all[a].name);
        ck_assert_str_ne(gusto_status_text(all[a].status), "unknown status");
        ck_assert_int_gt((int)strlen(gusto_status_text(all[a].status)), 3);
        for (size_t b = 0; b < a; b++) {
            ck_assert_int_ne(all[a].value, all[b].value);
            ck_assert_str_ne(gusto_status_text(all[a].status), gusto_status_text(all[b].status));
        }
    }
}
END_TEST

START_TEST(signs_say_what_kind)
{
    ck_assert_int_eq(GUSTO_OK, 0);
    ck_assert_int_gt(GUSTO_CANCELLED, 0);
    ck_assert_int_gt(GUSTO_CONVERGED, 0);
    ck_assert_int_lt(GUSTO_ENOMEM, 0);
    ck_assert_int_lt(GUSTO_EUNSUPPORTED, 0);
}
END_TEST

START_TEST(unknown_numbers_are_said_to_be)
{
    const int strange[] = {3, 1000, -16, -1000};
    for (size_t s = 0; s < sizeof strange / sizeof *strange; s++) {
        ck_assert_str_eq(gusto_status_text((gusto_status)strange[s]), "unknown status");
        ck_assert_str_eq(gusto_status_name((gusto_status)strange[s]), "unknown status");
    }
}
END_TEST

int main(void)
{
    RUN("status", every_status_has_its_own_text_and_name, signs_say_what_kind, unknown_numbers_are_said_to_be);
}
