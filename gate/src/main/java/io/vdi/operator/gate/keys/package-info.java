/**
 * The keys of the gate and the tokens made with them; docs/decisions/gate-tokens.md. Imports the
 * Kubernetes client and the JOSE library. Start at {@link io.vdi.operator.gate.keys.KeyRing}.
 */
package io.vdi.operator.gate.keys;
