---@meta
-- Types of twinloop's Lua API for LuaLS. Generated from engine/script/api.def (gen_api): do not edit.

---@alias duration number|string seconds, or text such as "20 min"
---@class spread values that differ from device to device
---@class inputs recorded inputs of a twin
---@class channel a channel of a recording
---@class column a column of one device
---@class stream a random stream; call it, or stream:random(m, n), stream:normal(mean, sd)
---@class control_def made by hysteresis{} or pid{}
---@class alarm_event
---@field kind "alarm"
---@field fleet string
---@field device integer
---@field at number seconds
---@field score number
---@field devices devices that one device

---@class sensor_def
---@field column string? twin column; default: the sensor's name
---@field noise number|string?
---@field bias number|string?
---@field resolution number|string?
---@field dropout number?
---@field low number|string?
---@field high number|string?

---@class actuator_def
---@field column string? twin input; default: the actuator's name
---@field low number?
---@field high number?
---@field rate number? per second
---@field dead_band number?
---@field min_on duration?
---@field min_off duration?

---@class detector_channel
---@field sensor string?
---@field actuator string?
---@field minus string?
---@field mean number?
---@field scale number?

---@class detector_def
---@field model string a .tflite file
---@field channels detector_channel[]
---@field threshold number?
---@field persist integer?
---@field hop integer?
---@field reaction "alarm"|"fallback"?
---@field fallback number?
---@field name string?

---@class fleet_def any other key is a column or parameter of the twin
---@field twin string
---@field count integer?
---@field dt duration?
---@field tick duration?
---@field sensors table<string, sensor_def>?
---@field actuators table<string, actuator_def>?
---@field control control_def?
---@field detector detector_def?
---@field drive inputs?
---@field init table<string, number|string|channel|spread>?
---@field set table<string, number|string|channel|spread>?
---@field vary table<string, spread>?
---@field name string?

---@class threshold_def
---@field [1] string
---@field [2] string?
---@field of devices?
---@field after duration?
---@field band number?
---@field abort boolean?

---@class calibrate_def
---@field free table<string, table> bounds { low, high, start =, scale =, tie =, each = } by column; init = { ... } for states
---@field of devices|devices[]?
---@field validate devices|devices[]?
---@field train number?
---@field train_until duration?
---@field settle number?
---@field starts integer?
---@field method string?
---@field intervals string?
---@field iterations integer?
---@field noise table<string, number>?
---@field weight table<string, number>?
---@class fault_def
---@field channel string?
---@field column string?
---@field value number|string?
---@field rate number?
---@field ratio number?
---@field at number?
---@field factor number?
---@field lasting duration?

---@class recording
---@field duration number seconds from its first to its last stamp
---@field [string] channel
local recording = {}

---Recorded channels as inputs of a twin, for devices{ drive = }; units are converted. A row's value holds from its stamp to the next; { "channel", held = "before" } holds it from the stamp before to its own, as loggers write that note what led to a row.
---@param map table<integer|string, string|channel|table>
---@return inputs
function recording:inputs(map) end

---The part between two times of the recording.
---@param from duration
---@param to duration
---@return recording
function recording:slice(from, to) end

---A channel by name, for names that are also methods.
---@param name string
---@return channel
function recording:channel(name) end

---Names of all channels.
---@return string[]
function recording:channels() end

---@class devices
---@field [string] column
local devices = {}

---Devices for which a condition over columns holds now: and, or, not, comparisons, + - * /. Numbers are in the column's unit.
---@param condition string
---@return devices
function devices:where(condition) end

---A random sample: a ratio below 1, or a count. The same name gives the same devices; without a name each call takes another sample.
---@param size number
---@param name string?
---@return devices
function devices:sample(size, name) end

---One device; indexes begin at 0, as in the viewer.
---@param index integer
---@return devices
function devices:device(index) end

---How many devices these are; #fleet is the same.
---@return integer
function devices:count() end

---A statistic now, "box_K mean", or a metric over the last window, "detect.false_alarms" (in SI units). mean p50 p90 p95 p99 max min.
---@param name string
---@param options { window: duration? }?
---@return number
function devices:stat(name, options) end

---Does a column (not zero) or a condition hold for every device?
---@param condition string
---@return boolean
function devices:all(condition) end

---Does a column (not zero) or a condition hold for any device?
---@param condition string
---@return boolean
function devices:any(condition) end

---Writes columns of all these devices, at once; values may be spreads.
---@param values table<string, number|string|spread>
function devices:set(values) end

---The value of a column of a single device, now.
---@param column string
---@return number
function devices:read(column) end

---Begins a fault on all these devices (kinds: docs/scenario-api.md); the judge is told the truth. lasting = time ends it.
---@param kind string
---@param options fault_def?
---@return fault
function devices:inject(kind, options) end

---@class fault
local fault = {}

---Ends the fault: the columns get their values back.
function fault:clear() end

---Names the run, how long it lasts, how often stories and thresholds look (sync, default 10 s) and its seed (default 1). Once, before devices.
---@param def { title: string?, duration: duration, sync: duration?, seed: integer? }
function scenario(def) end

---Makes a fleet. Keys: twin, count, dt, tick, sensors, actuators, control, detector, drive, init, set, vary; any other key is a column or parameter of the twin.
---@param name string
---@return fun(def: fleet_def): devices
function devices(name) end

---A fleet of one. With drive = rec:inputs{...} it steps to the recording's own time stamps. device "name" {...} names it.
---@param def fleet_def|string
---@return devices
function device(def) end

---Two-point controller for devices{ control = }: on below setpoint - band, off above setpoint + band.
---@param def { sensor: string, actuator: string, setpoint: number|string, band: number|string?, name: string? }
---@return control_def
function hysteresis(def) end

---PID controller with anti-windup for devices{ control = }; gains in actuator units per sensor unit.
---@param def { sensor: string, actuator: string, setpoint: number|string, kp: number, ki: number?, kd: number?, name: string? }
---@return control_def
function pid(def) end

---A value per device, normally distributed; cut at low and high when given. Each device has its own stream.
---@param mean number
---@param sd number
---@param low number?
---@param high number?
---@return spread
function normal(mean, sd, low, high) end

---A value per device, uniform in [low, high).
---@param low number
---@param high number
---@return spread
function uniform(low, high) end

---A value per device out of a few, with these probabilities (any positive weights).
---@param weights table<number, number>
---@return spread
function weighted(weights) end

---The value of --set name=value, as a number, boolean or text like the default; without a default it must be given. --set of a name that no setting() asks for is an error.
---@generic T
---@param name string
---@param default T?
---@return T
function setting(name, default) end

---A Celsius temperature in kelvin.
---@param x number
---@return number
function degC(x) end

---A Fahrenheit temperature in kelvin.
---@param x number
---@return number
function degF(x) end

---Opens a recording, a run or a CSV export; schema = "schemas/incubator/1.json" refuses one that does not mean what the schema says. Channels are fields: rec.box, rec["t1"]; rec.duration is its length in seconds.
---@param path string
---@param options { fleet: string?, device: integer?, schema: string? }?
---@return recording
function recording(path, options) end

---Scores a column of one device against a recorded channel at the recording's stamps: fidelity.rmse COLUMN and the like. fidelity.score joins all compares: 1 - rmse/scale, by weight; scale is the recording's standard deviation unless given. A tube of value and time is drawn and counted: fidelity.in_tube COLUMN. Scores that depend on the zero of a scale are repeated for deviations from ambient (a channel of the recording; for temperatures else the first recorded value). params = { mad = 0.5 } are those of the metrics that thresholds name (docs/fidelity.md).
---@param simulated column
---@param recorded channel
---@param options { weight: number?, scale: number|string?, tube: { value: number|string, time: duration? }?, ambient: channel?, params: table? }?
function compare(simulated, recorded, options) end

---Parts fidelity.score by conditions over the recording's channels, in their units; the worst part is reported first. Stamps that no condition takes are the regime 'other'.
---@param regimes table<string, string|table>
function regimes(regimes) end

---Watches a fleet against the region that a recording covers (ranges, and which values came together): a run that leaves it says so, and border.outside is the share of device-ticks outside.
---@param devices devices
---@param source recording|string
---@param channels table<string, string>?
function border(devices, source, channels) end

---Says what `twinloop calibrate` may change so that compare() lines come near: free columns and initial states with bounds (start =, scale = "log" or "linear", tie = other columns, each = one a device), of = devices, starts, method, intervals, train = ratio or train_until = time, validate = devices, settle, noise or weight by column. Runs ignore it.
---@param def calibrate_def
function calibrate(def) end

---A parameter file that `twinloop calibrate -o` wrote, for a device's set =; what the device itself gives wins.
---@param path string
---@return parameters
function parameters(path) end

---Pose accuracy AP and repeatability RP (m) of an arm that went to one command {x, y, z[, roll, pitch, yaw]} several times, by ISO 9283: AP_x .. AP_yaw, RP_roll .. RP_yaw beside them, and cycles; the standard asks for 30.
---@param def { x: number[], y: number[], z: number[], roll: number[]?, pitch: number[]?, yaw: number[]?, command: number[] }
---@return table<string, number>
function iso9283(def) end

---What must hold. A limit is a text or { "< 1 K", of = devices, after = time, band = value, abort = true }; a list { { "metric", "limit" }, { "metric", { "limit", after = time } } } keeps your order.
---@param list table<string, string|threshold_def>|threshold_def[]
function thresholds(list) end

---Starts a story at time 0 (or now); inside, wait() lets simulated time pass.
---@param story fun()
function run(story) end

---Starts another story beside this one, with arguments.
---@param story fun(...)
---@param ... any
function spawn(story, ...) end

---Lets simulated time pass; only inside a story.
---@param time duration
function wait(time) end

---Waits until the function returns true, asked at every window's end; false when the timeout came first.
---@param condition fun(): any
---@param options { timeout: duration?, every: duration? }?
---@return boolean
function wait_until(condition, options) end

---Calls a function at a simulated time (since the start).
---@param time duration
---@param reaction fun()
function at(time, reaction) end

---Calls a function every period, first after one period.
---@param period duration
---@param reaction fun()
function every(period, reaction) end

---Calls a function for every alarm of a detector: event.fleet, event.device, event.at, event.score, event.devices (that one device).
---@param event "alarm"
---@param reaction fun(event: alarm_event)
function on(event, reaction) end

---Writes a line with the simulated time into the run's log; formats as string.format.
---@param format string
---@param ... any
function log(format, ...) end

---Ends the run as failed by the scenario: verdict failed, exit code 1, the reason in every report; pcall does not catch it. For a wrong setting raise error(...).
---@param reason string
function fail(reason) end

---Simulated seconds since a fault began, or since the start.
---@param since fault?
---@return number
function elapsed(since) end

---Seconds as text: 00:24:00.
---@param seconds number
---@return string
function hms(seconds) end

---x to the power y, with the same bits everywhere; the operator is refused.
---@param x number
---@param y number
---@return number
function pow(x, y) end

---A random stream of its own: r() or r:random() in [0, 1), r:random(6), r:random(2, 5), r:normal(mean, sd).
---@param name string
---@return stream
function rng(name) end

---nanoseconds: times are numbers in seconds
---@type number
ns = 0

---microseconds
---@type number
us = 0

---milliseconds
---@type number
ms = 0

---seconds
---@type number
s = 0

---minutes
---@type number
min = 0

---hours
---@type number
h = 0

---days
---@type number
d = 0

---kelvin, as a difference: 0.5*K; temperatures are degC(20)
---@type number
K = 0

---watts
---@type number
W = 0

---kilowatts
---@type number
kW = 0

---joules
---@type number
J = 0

---kilojoules
---@type number
kJ = 0

---volts
---@type number
V = 0

---amperes
---@type number
A = 0

---a ratio: 5*percent
---@type number
percent = 0

