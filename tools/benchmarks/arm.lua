-- Arms with six joints, friction, armature and held torques: the workload of `tools/bench arm`. The geometry is the
-- first six joints of a Franka Emika Panda; masses are round.
scenario { title = "arms", duration = setting("seconds", 1)*s, sync = setting("seconds", 1)*s, seed = 1 }

devices "arm" {
  twin = "robot_arm", count = setting("devices", 1024), dt = 1*ms, tick = setting("steps", 10)*ms,
  joint_count = 6, tool_x_m = 0, tool_z_m = 0.1,
  a1_m = 0,      alpha1_rad = 0,             d1_m = 0.333,
  a2_m = 0,      alpha2_rad = "-90 deg",     d2_m = 0,
  a3_m = 0,      alpha3_rad = "90 deg",      d3_m = 0.316,
  a4_m = 0.0825, alpha4_rad = "90 deg",      d4_m = 0,
  a5_m = -0.0825, alpha5_rad = "-90 deg",    d5_m = 0.384,
  a6_m = 0,      alpha6_rad = "90 deg",      d6_m = 0,
  mass1_kg = 3, mass2_kg = 3, mass3_kg = 2, mass4_kg = 2, mass5_kg = 1.5, mass6_kg = 1,
  I1_xx_kgm2 = 0.01, I2_xx_kgm2 = 0.01, I3_xx_kgm2 = 0.01, I4_xx_kgm2 = 0.01, I5_xx_kgm2 = 0.008, I6_xx_kgm2 = 0.008,
  com1_x_m = 0.02, com2_y_m = -0.03, com3_z_m = -0.05, com4_y_m = 0.05, com5_z_m = -0.1, com6_x_m = 0.05,
  I1_xy_kgm2 = 0.001, I2_yz_kgm2 = 0.001, I3_xz_kgm2 = 0.001,
  armature1_kgm2 = 0.2, armature2_kgm2 = 0.2, armature3_kgm2 = 0.2, armature4_kgm2 = 0.1, armature5_kgm2 = 0.1,
  armature6_kgm2 = 0.1,
  viscous1_Nms_per_rad = 2, viscous2_Nms_per_rad = 2, viscous3_Nms_per_rad = 2, viscous4_Nms_per_rad = 1,
  viscous5_Nms_per_rad = 0.5, viscous6_Nms_per_rad = 0.5,
  vary = {
    q1_rad = uniform(-1, 1), q2_rad = uniform(-1, 1), q3_rad = uniform(-1, 1), q4_rad = uniform(-1, 1),
    q5_rad = uniform(-1, 1), q6_rad = uniform(-1, 1),
    tau1_command_Nm = uniform(-5, 5), tau2_command_Nm = uniform(-5, 5), tau3_command_Nm = uniform(-5, 5),
    tau4_command_Nm = uniform(-5, 5), tau5_command_Nm = uniform(-2, 2), tau6_command_Nm = uniform(-2, 2),
  },
}
