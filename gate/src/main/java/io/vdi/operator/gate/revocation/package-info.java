/**
 * Which sign-ins have ended early, for all replicas; docs/decisions/gate-tokens.md. Imports the
 * Kubernetes client. Start at {@link io.vdi.operator.gate.revocation.Revocations}.
 */
package io.vdi.operator.gate.revocation;
