/* From a gradient to what is taken off the weights: engine/wasm/assembly/update.ts. */

static inline float within(float v, float most) { return v > most ? most : v < -most ? -most : v; }

/** Scales g so that its length is at most `most`. */
static void clip_norm(int n, float *g, float most) {
  float length = sqrtf(sum_squares(n, g));
  if (length > most) scale(n, most / length, g);
}

/** Clamps g; answers 0 where any is not finite. */
static int limit(int n, float *g, float most) {
  int32_t largest = 0;
  for (int i = 0; i < n; i++) {
    int32_t bits;
    memcpy(&bits, g + i, 4);
    bits &= 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  float size;
  memcpy(&size, &largest, 4);
  if (largest >= 0x7f800000) return 0;
  if (size > most) {
    EACH(i, n) g[i] = within(g[i], most);
  }
  return 1;
}

/** g becomes the step; what the moment will be, within ±most, goes to `next`. */
static void momentum_step(int n, float *g, const float *moment, float *next, float mu, float lr, int nesterov, float most) {
  EACH(i, n) {
    float sum = mu * moment[i] + g[i], m = within(sum, most);
    next[i] = m;
    g[i] = lr * (nesterov ? g[i] + mu * m : m);
  }
}

/** `lr` has the corrections of both moments in it; `factor` bounds the first moment by the second. */
static void adam_step(int n, float *g, const float *first, const float *second, float *next_first, float *next_second, float beta1, float beta2, float lr, float epsilon, float factor) {
  float rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
  EACH(i, n) {
    float sum = beta2 * second[i] + rest2 * (g[i] * g[i]), v = sum > 1048576.0f ? 1048576.0f : sum;
    float root = sqrtf(v), most = factor * root + 0x1p-30f;
    float free = beta1 * first[i] + rest1 * g[i], m = within(free, most);
    next_first[i] = m;
    next_second[i] = v;
    g[i] = (lr * m) / (root + epsilon);
  }
}

static void decay(int n, const float *w, float part, float *step) {
  EACH(i, n) step[i] = step[i] + part * w[i];
}
