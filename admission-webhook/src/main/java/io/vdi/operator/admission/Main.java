package io.vdi.operator.admission;

import io.vdi.operator.runtime.ServiceRuntime;

/** Starts the admission webhook. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceRuntime.main(AdmissionWebhook.SERVICE);
  }
}
