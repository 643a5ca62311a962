/**
 * Signs users in at an OpenID Connect provider and out again; docs/decisions/gate-tokens.md.
 * Imports the library of the protocol and Helidon. Start at {@link
 * io.vdi.operator.gate.signin.SignInRoutes}.
 */
package io.vdi.operator.gate.signin;
