scenario {
  title    = "one day",
  duration = true,
}
