scenario {
  title   = "x",
  duraton = 1*h,
}
