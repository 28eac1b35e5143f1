/* What info shows of the members of a hybrid. */
#ifndef CLI_INFO_MEMBERS_H
#define CLI_INFO_MEMBERS_H

#include "cli/json.h"

/* The model of a container that has members; NULL: it is none. The caller destroys *out. */
exit_code members_open(session *s, const char *path, const gusto_container *container, gusto_model **out);

/* A table: label, weight of warm pairs, of cold users, of cold items, and up to how many ratings these are cold. */
void members_print(const gusto_model *model);

/* [{"label", "model", "weight", "cold_user_weight", "cold_item_weight", "options": {name: value}}]; null where cold pairs have the weights of all. */
json_t *members_json(gusto_context *context, const gusto_model *model);

/* {"users": most ratings of a cold one, "items"}, null where none is cold; NULL for a model that does not switch. */
json_t *thresholds_json(const gusto_model *model);

#endif
