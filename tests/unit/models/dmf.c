/* dmf: gradients through both towers and the head, in every form, against differences of the loss. */
#include "models/dmf.h"

#include "core/memory.h"
#include "differences.h"

enum { USERS = 8, ITEMS = 9, BATCH = 5, MOST_OPTIONS = 24 };

typedef struct form {
    const char *name;
    const char *set[MOST_OPTIONS];
} form;

/* As published: cosine of relu towers, no bias, nothing dropped or masked. */
#define PUBLISHED                                                                                                            \
    "last", "relu", "scale", "1", "learn_scale", "no", "item_bias", "no", "dropout", "0", "mask", "no", "use_values", "yes", \
        "negatives", "2"

static const form forms[] = {
    {"published, normalized", {PUBLISHED, "loss", "normalized"}},
    {"published, binary", {PUBLISHED, "loss", "binary"}},
    {"improved", {"scale", "4"}}, /* the defaults: linear last layer, softmax, learned scale and bias, dropout, mask */
    {"improved, of ratings, with a ridge", {"use_values", "yes", "scale", "4", "l2", "0.1"}},
    {"improved, normalized", {"loss", "normalized", "scale", "2", "negatives", "2"}},
    {"improved, binary, nothing masked", {"loss", "binary", "scale", "2", "negatives", "2", "mask", "no"}},
    {"product and linear", {"head", "linear"}},
    {"product and linear, normalized, with a ridge", {"head", "linear", "loss", "normalized", "negatives", "2", "l2", "0.1"}},
    {"product and linear of relu, binary", {"head", "linear", "loss", "binary", "negatives", "2", "last", "relu"}},
};

static gusto_context *context;
static const int32_t  users[BATCH] = {1, 6, 4, 0, 3};

static double ridge_of(const gu_tower *tower)
{
    double sum = 0;
    for (int l = 0; l < tower->n_layers; l++)
        for (int64_t j = 0; j < tower->layer[l].n_in * tower->layer[l].ld; j++)
            sum += (double)tower->layer[l].W[j] * (double)tower->layer[l].W[j];
    return sum;
}

/* The mean loss of a user and the ridge. */
static double loss_of(void *self)
{
    gu_dmf      *t = self;
    int64_t      count;
    const double loss = gu_dmf_gradients(context, t, BATCH, users, &count);
    return loss / BATCH + t->how.l2 / 2 * (ridge_of(&t->user_tower) + ridge_of(&t->item_tower));
}

static gusto_real drawn(int which, int64_t j)
{
    uint32_t word[4];
    gu_random(12, GU_STREAM_TEST, (uint64_t)which, (uint32_t)j, word);
    return (gusto_real)(2 * gu_uniform(word[0]) - 1);
}

/* Biases begin at 0 and w at 1: elsewhere, more shows. */
static void leave_the_start(gu_dmf *t)
{
    gu_tower *const towers[] = {&t->user_tower, &t->item_tower};
    for (int side = 0; side < 2; side++)
        for (int l = 0; l < towers[side]->n_layers; l++)
            for (int64_t j = 0; j < towers[side]->layer[l].n_out; j++)
                towers[side]->layer[l].b[j] = (gusto_real)0.2 + (gusto_real)0.1 * drawn(3 * side + l, j);
    for (int64_t i = 0; i < ITEMS && t->how.item_bias; i++)
        t->bias->data[i] = (gusto_real)0.3 * drawn(6, i);
    for (int64_t j = 0; j < t->k && !t->how.cosine; j++)
        t->head->data[j] = drawn(7, j);
}

static void check_tower(objective *o, const gu_tower *tower, const char *side)
{
    differentiated W[GU_MAX_LAYERS], b[GU_MAX_LAYERS];
    for (int l = 0; l < tower->n_layers; l++) { /* all of them before the first: a difference leaves other gradients behind */
        const gu_layer *y = &tower->layer[l];
        W[l] = differentiate(side, y->n_in, y->n_out, y->ld, y->W, y->dW);
        b[l] = differentiate(side, 1, y->n_out, y->ld, y->b, y->db);
    }
    for (int l = 0; l < tower->n_layers; l++) {
        check_gradient(o, W[l], true);
        check_gradient(o, b[l], false); /* that of the last one may vanish: all scores of a softmax move alike */
    }
}

static void check(const form *f, const gusto_ratings *ratings, int n_layers)
{
    static const char *const sizes[3][3] = {{"4", "0", "0"}, {"6", "4", "0"}, {"6", "5", "4"}};
    static const char *const layers[3] = {"layer1", "layer2", "layer3"};
    gusto_model             *model;
    ck_assert_int_eq(gusto_model_create(context, "dmf", &model), GUSTO_OK);
    for (int s = 0; f->set[s]; s += 2)
        ck_assert_msg(gusto_model_set(context, model, f->set[s], f->set[s + 1]) == GUSTO_OK, "%s",
                      gusto_context_message(context));
    for (int l = 0; l < 3; l++)
        ck_assert_int_eq(gusto_model_set(context, model, layers[l], sizes[n_layers - 1][l]), GUSTO_OK);

    gu_state state = {.n_users = USERS, .n_items = ITEMS, .high = 5};
    gu_dmf   t = {.how = gu_dmf_how_of(model), .state = &state};
    gu_training_read(&model->options, NULL, NULL, &t.training);
    t.training.batch_size = BATCH;
    ck_assert_int_eq(gu_dmf_prepare(context, ratings, &t), GUSTO_OK);
    ck_assert_int_eq(t.user_tower.n_layers, n_layers);
    t.input.epoch = 3;
    leave_the_start(&t);

    objective o = {loss_of, &t, f->name, 0, 0};
    if (!t.how.cosine || t.how.learn_scale) {
        loss_of(&t);
        check_gradient(&o, differentiate("head", 1, t.head->width, t.head->ld, t.head->data, t.head_gradient), true);
    }
    if (t.how.item_bias) {
        loss_of(&t);
        check_gradient(&o, differentiate("bi", 1, ITEMS, ITEMS, t.bias->data, t.bias_gradient), true);
    }
    loss_of(&t);
    check_tower(&o, &t.user_tower, "the user tower");
    loss_of(&t);
    check_tower(&o, &t.item_tower, "the item tower");
    check_slopes(&o);

    gu_dmf_clear(&context->allocator, &t);
    gu_state_clear(&context->allocator, &state);
    gusto_model_destroy(model);
}

START_TEST(gradients_are_derivatives)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_context_set_threads(context, 1);
    const matrix   m = matrix_draw(USERS, ITEMS, true, 41);
    gusto_ratings *ratings = matrix_ratings(context, &m);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        for (int n_layers = 1; n_layers <= 3; n_layers++)
            check(&forms[f], ratings, n_layers);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("dmf", gradients_are_derivatives);
}
