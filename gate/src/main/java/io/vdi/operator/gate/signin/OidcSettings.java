package io.vdi.operator.gate.signin;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The provider and this client of it; docs/configuration.md describes each setting.
 *
 * @param issuer as the provider's tokens name it
 * @param clientSecret empty for a public client; read for each request, so that a changed file
 *     applies
 * @param caFile PEM file with the CAs of the provider's certificate; empty: those of the system
 * @param callback the address to which the provider returns
 * @param signedOut the address to which the provider returns after a logout
 */
public record OidcSettings(
    String issuer,
    String clientId,
    Supplier<Optional<String>> clientSecret,
    Optional<Path> caFile,
    List<String> scopes,
    String groupsClaim,
    Duration clockSkew,
    Duration timeout,
    URI callback,
    URI signedOut) {}
