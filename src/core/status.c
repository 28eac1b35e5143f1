/* The texts of the one status list. */
#include <gusto/status.h>

const char *gusto_status_text(gusto_status status)
{
    switch (status) {
#define GU_TEXT(name, value, text) \
    case name:                     \
        return text;
        GUSTO_STATUS_LIST(GU_TEXT)
#undef GU_TEXT
    }
    return "unknown status";
}

const char *gusto_status_name(gusto_status status)
{
    switch (status) {
#define GU_NAME(name, value, text) \
    case name:                     \
        return #name;
        GUSTO_STATUS_LIST(GU_NAME)
#undef GU_NAME
    }
    return "unknown status";
}
