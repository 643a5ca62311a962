package io.vdi.operator.reaper;

import io.vdi.operator.runtime.ServiceRuntime;

/** Starts the reaper. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceRuntime.main(Reaper.SERVICE);
  }
}
