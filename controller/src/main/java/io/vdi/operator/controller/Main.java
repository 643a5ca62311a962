package io.vdi.operator.controller;

import io.vdi.operator.runtime.ServiceRuntime;

/** Starts the controller. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceRuntime.main(Controller.SERVICE);
  }
}
