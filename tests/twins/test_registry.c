/* Every row of the registry keeps the rules that the engine, the recorder and Lua rely on. */
#include "twins/registry.h"

#include "base/units.h"
#include "tests/twins/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_twin_has_a_name_of_its_own_and_this_programs_interface(void **unused)
{
  (void)unused;
  assert_true(tl_twin_count >= 2);
  for (uint32_t i = 0; i < tl_twin_count; i++) {
    const tl_twin_type *twin = tl_twins[i];
    assert_int_equal(twin->abi, TL_TWIN_ABI);
    assert_true(twin->name[0] && twin->meaning[0]);
    assert_true(twin->step && twin->dt_s_max > 0.0);
    for (uint32_t j = 0; j < i; j++) assert_string_not_equal(twin->name, tl_twins[j]->name);
  }
}

static void every_column_has_a_known_unit_a_range_around_its_start_and_a_meaning(void **unused)
{
  (void)unused;
  for (uint32_t i = 0; i < tl_twin_count; i++) {
    const tl_twin_type *twin = tl_twins[i];
    uint32_t states = 0, outputs = 0;
    for (uint32_t c = 0; c < twin->column_count; c++) {
      const tl_column *column = &twin->columns[c];
      tl_unit unit;
      tl_error err;
      if (tl_unit_find(&unit, column->unit, column->name, &err) != TL_OK) fail_msg("%s", err.text);
      assert_int_equal(column->type, TL_F64);
      assert_true(column->low <= column->initial && column->initial <= column->high);
      assert_true(column->low < column->high && column->resolution >= 0.0);
      assert_true(column->meaning[0] && strlen(column->name) < 64 && !strpbrk(column->name, "./ "));
      for (uint32_t other = 0; other < c; other++)
        assert_string_not_equal(column->name, twin->columns[other].name);
      states += column->role == TL_STATE;
      outputs += column->role == TL_OUTPUT;
    }
    assert_true(states > 0);
    assert_true((outputs > 0) == (twin->output != NULL));
  }
}

static void a_twin_at_its_defaults_stays_finite_at_its_largest_step_on_every_path(void **unused)
{
  (void)unused;
  for (uint32_t i = 0; i < tl_twin_count; i++) {
    rig expected = rig_open(tl_twins[i]);
    rig_step(&expected, tl_twins[i]->dt_s_max, 25);
    for (uint32_t c = 0; c < tl_twins[i]->column_count; c++)
      assert_true(expected.column[c][0] - expected.column[c][0] == 0.0);
    for (int path = 0; path < TL_PATH_COUNT; path++) {
      if (!tl_cpu_has_path((tl_simd_path)path)) continue;
      rig r = rig_open(tl_twins[i]);
      r.twin->step(r.column, (tl_slice){0, TL_BLOCK_ROWS}, r.twin->dt_s_max, 25,
                   (tl_simd_path)path);
      assert_memory_equal(r.memory, expected.memory, rig_bytes(&r));
      rig_close(&r);
    }
    rig_close(&expected);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_twin_has_a_name_of_its_own_and_this_programs_interface),
      cmocka_unit_test(every_column_has_a_known_unit_a_range_around_its_start_and_a_meaning),
      cmocka_unit_test(a_twin_at_its_defaults_stays_finite_at_its_largest_step_on_every_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
