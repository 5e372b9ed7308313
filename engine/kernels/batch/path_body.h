/* path_body.h: the table of a path's functions, after all bodies. No header guard: included once a
 * path. */
static const tl_fast_path TL_PATH_NAME(fast_path) = {(tl_unit)U_FORMAT,
                                                     V_LANES,
                                                     U_VECTORS,
                                                     U_FUSED != 0,
                                                     U_NARROW != 0,
                                                     {[TL_FAST_GEMM] = TL_PATH_NAME(gemm),
                                                      [TL_FAST_DEPTHWISE] = TL_PATH_NAME(depthwise),
                                                      [TL_FAST_PAIR] = TL_PATH_NAME(pair),
                                                      [TL_FAST_POOL] = TL_PATH_NAME(pool)}};
