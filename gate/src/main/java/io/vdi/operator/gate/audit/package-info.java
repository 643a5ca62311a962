/**
 * What users did through the gate, one JSON line each; docs/specification.md, section 8. Imports
 * the logger. Start at {@link io.vdi.operator.gate.audit.AuditEvent}.
 */
package io.vdi.operator.gate.audit;
