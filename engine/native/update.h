/* From a gradient to what is taken off the weights: engine/wasm/assembly/update.ts. */

/** Scales g so that its length is at most `most`. */
static void clip_norm(int n, float *g, float most) {
  float length = sqrtf(sum_squares(n, g));
  if (length > most) scale(n, most / length, g);
}

/** g becomes the step; what the moment will be goes to `next`. */
static void momentum_step(int n, float *g, const float *moment, float *next, float mu, float lr, int nesterov) {
  EACH(i, n) {
    float m = mu * moment[i] + g[i];
    next[i] = m;
    g[i] = lr * (nesterov ? g[i] + mu * m : m);
  }
}

/** `lr` has the corrections of both moments in it. */
static void adam_step(int n, float *g, const float *first, const float *second, float *next_first, float *next_second, float beta1, float beta2, float lr, float epsilon) {
  float rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
  EACH(i, n) {
    float m = beta1 * first[i] + rest1 * g[i], v = beta2 * second[i] + rest2 * (g[i] * g[i]);
    next_first[i] = m;
    next_second[i] = v;
    g[i] = (lr * m) / (sqrtf(v) + epsilon);
  }
}

static void decay(int n, const float *w, float part, float *step) {
  EACH(i, n) step[i] = step[i] + part * w[i];
}
