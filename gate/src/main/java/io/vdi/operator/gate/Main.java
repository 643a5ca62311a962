package io.vdi.operator.gate;

import io.vdi.operator.runtime.ServiceRuntime;

/** Starts the gate. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceRuntime.main(Gate.SERVICE);
  }
}
