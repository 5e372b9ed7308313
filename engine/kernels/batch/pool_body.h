/* pool_body.h: AVERAGE_POOL_2D and MAX_POOL_2D with channels in lanes: plain loops of a constant
 * length, which the compiler makes vector code of. No header guard: included once a path. */

enum { POOL_CHUNK = 64 /* channels */ };

/* The part of a window that lies inside of the input, in pixels. */
typedef struct pool_window {
  int32_t top, bottom, left, right;
} pool_window;

static inline pool_window pool_window_of(const tl_pool_data *p, int32_t row, int32_t column)
{
  const int64_t top = (int64_t)row * p->stride_height - p->pad_top;
  const int64_t left = (int64_t)column * p->stride_width - p->pad_left;
  const int64_t bottom = top + p->filter_height, right = left + p->filter_width;
  return (pool_window){
      (int32_t)(top < 0 ? 0 : top), (int32_t)(bottom < p->height ? bottom : p->height),
      (int32_t)(left < 0 ? 0 : left), (int32_t)(right < p->width ? right : p->width)};
}

TL_INLINE void pool_add(int32_t *restrict sum, const int8_t *restrict x, int32_t count)
{
  for (int32_t c = 0; c < count; c++) sum[c] += x[c];
}

TL_INLINE void pool_raise(int8_t *restrict best, const int8_t *restrict x, int32_t count)
{
  for (int32_t c = 0; c < count; c++) best[c] = best[c] > x[c] ? best[c] : x[c];
}

static inline int8_t pool_place(const tl_pool_data *p, int32_t value)
{
  return (int8_t)tl_fixed_clamp(value, p->range.low, p->range.high);
}

/* `count` channels of one window; x and y are at the first of them. */
TL_INLINE void pool_chunk(const tl_pool_data *p, const pool_window *w, const int8_t *x, int8_t *y,
                          int32_t count, bool average)
{
  int32_t sum[POOL_CHUNK] = {0};
  int8_t best[POOL_CHUNK];
  memset(best, INT8_MIN, sizeof best);
  for (int32_t row = w->top; row < w->bottom; row++) {
    const int8_t *from =
        x + ((size_t)row * (uint32_t)p->width + (uint32_t)w->left) * (uint32_t)p->channels;
    for (int32_t column = w->left; column < w->right; column++, from += p->channels) {
      if (average)
        pool_add(sum, from, count);
      else
        pool_raise(best, from, count);
    }
  }
  const int32_t pixels = (w->bottom - w->top) * (w->right - w->left);
  for (int32_t c = 0; c < count; c++) {
    const int32_t half = sum[c] > 0 ? pixels / 2 : -(pixels / 2);
    y[c] = pool_place(p, average ? (sum[c] + half) / pixels : best[c]);
  }
}

TL_INLINE void pool_pixel(const tl_pool_data *p, const pool_window *w, const int8_t *x, int8_t *y,
                          bool average)
{
  int32_t c = 0;
  for (; c + POOL_CHUNK <= p->channels; c += POOL_CHUNK)
    pool_chunk(p, w, x + c, y + c, POOL_CHUNK, average);
  if (c < p->channels) pool_chunk(p, w, x + c, y + c, p->channels - c, average);
}

TL_TARGET static void TL_PATH_NAME(pool)(const void *packed, const tl_fast_job *job)
{
  const tl_fast_pool *f = packed;
  const tl_pool_data *p = f->pool;
  const size_t image = (size_t)p->height * (uint32_t)p->width * (uint32_t)p->channels;
  for (uint32_t device = 0; device < job->count; device++) {
    const int8_t *x = (int8_t *)job->arena + device * job->device_bytes + f->in_offset;
    int8_t *y = (int8_t *)job->arena + device * job->device_bytes + f->out_offset;
    for (int32_t batch = 0; batch < p->batches; batch++, x += image)
      for (int32_t row = 0; row < p->out_height; row++)
        for (int32_t column = 0; column < p->out_width; column++, y += p->channels) {
          const pool_window w = pool_window_of(p, row, column);
          if (f->average)
            pool_pixel(p, &w, x, y, true);
          else
            pool_pixel(p, &w, x, y, false);
        }
  }
}
