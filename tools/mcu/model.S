/* The model, as it is, in flash. TL_MODEL_FILE comes from the build. */
  .section .rodata.model, "a", %progbits
  .global tl_model_begin, tl_model_end
  .balign 16
tl_model_begin:
  .incbin TL_MODEL_FILE
tl_model_end:
  .byte 0 /* so that the end has a place of its own */
