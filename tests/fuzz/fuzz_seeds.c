/* fuzz_seeds FOLDER: writes FOLDER/csv, FOLDER/hdf5 and FOLDER/pair, the first inputs of the fuzzers. All made here. */
#include "telemetry/recording.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS = 12 };

static void write_seed(const char *folder, const char *name, uint8_t mode, uint8_t option,
                       const void *bytes, size_t count)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/csv/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fputc(mode, file);
  fputc(option, file);
  fwrite(bytes, 1, count, file);
  fclose(file);
}

static void csv_seeds(const char *folder)
{
  static const struct {
    const char *name;
    uint8_t mode, option;
    const char *text;
  } texts[] = {
      {"plain", 0, 8, "t,box,room\n0,21.5,20\n1,21.75,20\n"},
      {"quotes", 0, 8, "t,\"a \"\"b\"\"\"\n0,\"1,5\"\n"},
      {"tabs", 0, 0, "\t1\t2\r\n\t3\t4\r\n"},
      {"bom", 0, 12, "\xEF\xBB\xBFt;x;\n# no\n0;1;\n\n1;2;\n"},
      {"import", 1, 8 + (3 << 4), "t,F,on\n0,70.5,TRUE\n1.5,71,false\n1.5,72,0\n1,73,1\n9,,\n"},
      {"iso", 1, 8 + (8 << 4),
       "t,F,on\n2020-02-08 13:30:47,70.5,TRUE\n2020-02-08T13:30:48.25Z,71,FALSE\n"},
      {"wide", 3, 0,
       "time_s,box@2[degC],box@40[degC],heater[1]\n0,21.5,,1\n3.119963408,1e-300,-0,inf\n"},
      {"long", 3, 1, "time_s,device,box[K]\n0,1,300\n0,7,301.5\n1.000000001,1,\n"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    write_seed(folder, texts[i].name, texts[i].mode, texts[i].option, texts[i].text,
               strlen(texts[i].text));
  static const char log[] = "\xBC\x02\x00\x01\x00\x01\x00"
                            "e\0"
                            "\x03\x00"
                            "a(f)\0b(B)\0c(e)\0"
                            "\x01\x00\x10\x27\x00\x00\x00\x00\x00\x00\x00\x00\xC0\x3F\x01\x00\x3C"
                            "\x01\x00\x20\x4E\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x3C";
  write_seed(folder, "usdlog", 2, 1, log, sizeof log - 1);
}

static void pair_seeds(const char *folder)
{
  static const char *const texts[] = {
      "\x01t,ref,sim\n0,1,1\n1,2,2.5\n2,4,4\n3,3,3\n4,3,\n5,NA,2\n",
      "\x53t,ref,sim\n0,-1,1e300\n0,0,0\n1,inf,5e-324\n2,1,1\n3,0,1\n",
      "\x80ref,m1,m2\n1,2,3\n2,,nan\n0,0,0\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/pair/%zu", folder, i);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
      perror(path);
      exit(1);
    }
    fputs(texts[i], file);
    fclose(file);
  }
}

static void recording_seed(const char *folder)
{
  int64_t times_ns[ROWS];
  double box[ROWS][2];
  const uint32_t devices[2] = {3, 9};
  char path[1024];
  tl_error err;
  for (int i = 0; i < ROWS; i++) {
    times_ns[i] = i * 3000000000LL;
    box[i][0] = i == 4 ? (double)NAN : 20.0 + i;
    box[i][1] = 30.0 - i;
  }
  const tl_recording_series series = {{.name = "box", .unit = "degC", .low = 0, .high = 100},
                                      &box[0][0]};
  const tl_recording_fleet_def fleet = {.name = "a",
                                        .sample_count = ROWS,
                                        .times_ns = times_ns,
                                        .device_count = 2,
                                        .devices = devices,
                                        .series_count = 1,
                                        .series = &series};
  const tl_recording_def def = {.label = "seed", .fleet_count = 1, .fleets = &fleet};
  snprintf(path, sizeof path, "%s/hdf5/recording.h5", folder);
  if (tl_recording_write(path, &def, &err) != TL_OK) {
    fprintf(stderr, "%s\n", err.text);
    exit(1);
  }
}

static void put(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *dims,
                const hsize_t *chunk, hid_t memory, const void *values)
{
  const hid_t space = H5Screate_simple(rank, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
  if (chunk != NULL) {
    H5Pset_chunk(plist, rank, chunk);
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, 6);
    H5Pset_fletcher32(plist);
  }
  const hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Pclose(plist);
  H5Sclose(space);
}

typedef struct table_row {
  int64_t time_ns;
  int8_t on;
  float box;
} table_row;

static void put_table(hid_t file)
{
  table_row rows[ROWS];
  const hsize_t dims[1] = {ROWS}, chunk[1] = {8};
  for (int i = 0; i < ROWS; i++) rows[i] = (table_row){i * 1000000000LL, (int8_t)(i & 1), (float)i};
  const hid_t truth = H5Tenum_create(H5T_NATIVE_INT8),
              type = H5Tcreate(H5T_COMPOUND, sizeof(table_row));
  int8_t value = 0;
  H5Tenum_insert(truth, "FALSE", &value);
  value = 1;
  H5Tenum_insert(truth, "TRUE", &value);
  H5Tinsert(type, "time_ns", offsetof(table_row, time_ns), H5T_NATIVE_INT64);
  H5Tinsert(type, "on", offsetof(table_row, on), truth);
  H5Tinsert(type, "box", offsetof(table_row, box), H5T_NATIVE_FLOAT);
  put(file, "table", type, 1, dims, chunk, type, rows);
  H5Tclose(type);
  H5Tclose(truth);
}

static void put_matrix(hid_t file, bool variable)
{
  double matrix[ROWS][2];
  const hsize_t dims[2] = {ROWS, 2}, count[1] = {2};
  for (int i = 0; i < ROWS; i++) {
    matrix[i][0] = i;
    matrix[i][1] = 20.0 + i;
  }
  put(file, "data", H5T_IEEE_F64BE, 2, dims, NULL, H5T_NATIVE_DOUBLE, matrix);
  const hid_t set = H5Dopen2(file, "data", H5P_DEFAULT), space = H5Screate_simple(1, count, NULL);
  const hid_t type = H5Tcopy(H5T_C_S1);
  static const char fixed[2][5] = {"time", "T1"};
  const char *texts[2] = {"time", "T1"};
  H5Tset_size(type, variable ? H5T_VARIABLE : sizeof fixed[0]);
  const hid_t attr = H5Acreate2(set, "columns", type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attr, type, variable ? (const void *)texts : (const void *)fixed);
  H5Aclose(attr);
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(set);
}

static void foreign_seed(const char *folder, const char *name, bool latest)
{
  char path[1024];
  double values[ROWS];
  const hsize_t dims[1] = {ROWS}, chunk[1] = {5};
  for (int i = 0; i < ROWS; i++) values[i] = i * 0.5;
  snprintf(path, sizeof path, "%s/hdf5/%s", folder, name);
  const hid_t access_plist = H5Pcreate(H5P_FILE_ACCESS);
  if (latest) H5Pset_libver_bounds(access_plist, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access_plist);
  H5Pclose(access_plist);
  const hid_t group = H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  put(group, "time", H5T_IEEE_F64LE, 1, dims, NULL, H5T_NATIVE_DOUBLE, values);
  put(group, "box", H5T_IEEE_F32BE, 1, dims, chunk, H5T_NATIVE_DOUBLE, values);
  H5Gclose(group);
  put_table(file);
  put_matrix(file, latest);
  H5Fclose(file);
}

int main(int count, char **arguments)
{
  char path[1024];
  if (count != 2) {
    fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  mkdir(arguments[1], 0777);
  snprintf(path, sizeof path, "%s/csv", arguments[1]);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/hdf5", arguments[1]);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/pair", arguments[1]);
  mkdir(path, 0777);
  csv_seeds(arguments[1]);
  pair_seeds(arguments[1]);
  recording_seed(arguments[1]);
  foreign_seed(arguments[1], "foreign_old.h5", false);
  foreign_seed(arguments[1], "foreign_new.h5", true);
  return 0;
}
