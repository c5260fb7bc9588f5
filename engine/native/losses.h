/* Losses of every output by itself: engine/wasm/assembly/loss.ts. Kinds: 0 squared, 1 absolute, 2 Huber with δ = 1, 3 binary cross-entropy of logits. */

static inline float loss_of(int kind, float o, float t) {
  float d = o - t, a = fabsf(d);
  if (kind == 0) return d * d;
  if (kind == 1) return a;
  if (kind == 2) return a <= 1.0f ? 0.5f * (d * d) : a - 0.5f;
  return (o > 0 ? o : 0.0f) - o * t + own_log(1.0f + own_exp(-fabsf(o)));
}

static inline float loss_slope(int kind, float o, float t, float scale) {
  float d = o - t;
  if (kind == 0) return d * scale;
  if (kind == 1) return d > 0 ? scale : d < 0 ? -scale : d * scale;
  if (kind == 2) return d > 1.0f ? scale : d < -1.0f ? -scale : d * scale;
  return (own_sigmoid(o) - t) * scale;
}

static float element_loss(int kind, int rows, int N, const float *o, const float *t, float *g, float *losses, float inv, float invN, int32_t *correct) {
  float scale = kind == 0 ? invN * inv * 2.0f : invN * inv, sum = 0;
  int right = 0;
  for (int i = 0; i < rows; i++, o += N, t += N, g += N) {
    float total = 0;
    int same = 1;
    for (int j = 0; j < N; j++) {
      total += loss_of(kind, o[j], t[j]);
      g[j] = loss_slope(kind, o[j], t[j], scale);
      same &= (o[j] > 0) == (t[j] > 0.5f);
    }
    losses[i] = total * invN;
    sum += losses[i];
    if (kind == 3 ? same : argmax(N, o) == argmax(N, t)) right++;
  }
  *correct = right;
  return sum * inv;
}
