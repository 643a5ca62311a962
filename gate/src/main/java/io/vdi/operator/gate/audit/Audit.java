package io.vdi.operator.gate.audit;

/** Records what users did. */
@FunctionalInterface
public interface Audit {
  /** Records one event. It does not throw and does not wait. */
  void record(AuditEvent event);
}
