/* export.h: a recording or a run as CSV that spreadsheets, pandas and tl_recording_open read.
 *
 * Why: people look at numbers elsewhere. Times are exact decimals of the ns, values the shortest text that reads
 * back to the same bits, missing values empty cells; so export and re-import change nothing.
 * Owns: nothing. Threads: as recording.h. */
#ifndef TL_TELEMETRY_EXPORT_H
#define TL_TELEMETRY_EXPORT_H
#include "telemetry/recording.h"

#include <stdio.h>

typedef enum tl_export_form {
  TL_EXPORT_WIDE, /* a row a time: time_s, name[unit] ... ; name@device[unit] when there are several devices */
  TL_EXPORT_LONG /* a row a time and device: time_s, device, name[unit] ... */
} tl_export_form;

typedef struct tl_export_def {
  const char *fleet; /* NULL = the only one */
  tl_export_form form;
  uint32_t device_begin, device_end; /* places in the file; both 0 = all */
} tl_export_def;

/* Writes rows to out, '\n' ends lines.
 * errors  TL_E_COLUMN: fleet; TL_E_ARG: devices; TL_E_FORMAT: corrupt data; TL_E_IO: out takes no more */
TL_API tl_code tl_export_csv(tl_recording *recording, const tl_export_def *def, FILE *out,
                             tl_error *err);
/* The same to a file.  errors  also TL_E_IO with the system's reason */
TL_API tl_code tl_export_csv_file(tl_recording *recording, const tl_export_def *def,
                                  const char *path, tl_error *err);
/* ns as exact seconds: "3.119963408", "-0.5", "12". Returns the length; out has room for 24. */
TL_API size_t tl_export_format_seconds(char out[24], int64_t ns);
#endif
