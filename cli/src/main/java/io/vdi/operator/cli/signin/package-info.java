/**
 * Sign-in of the user at the OpenID Connect provider: RFC 8628, and the file with the tokens.
 * Imports an HTTP client. Start at {@link io.vdi.operator.cli.signin.OidcClient}.
 */
package io.vdi.operator.cli.signin;
