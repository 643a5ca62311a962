package io.vdi.operator.cli.commands;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that select the OpenID Connect provider. */
final class ProviderOptions {
  @Option(
      names = "--issuer",
      paramLabel = "URL",
      description = "The provider (default: that of the gate, if you may read its settings).")
  private String issuer;

  @Option(
      names = "--client-id",
      paramLabel = "ID",
      defaultValue = "kubectl",
      description =
          "A public client of the provider with the device authorization grant (default: ${DEFAULT-VALUE}).")
  private String clientId;

  @Option(
      names = "--certificate-authority",
      paramLabel = "FILE",
      description = "CA certificates of the provider in PEM (default: those of the system).")
  private Path certificateAuthority;

  Optional<String> issuer() {
    return Optional.ofNullable(issuer);
  }

  String clientId() {
    return clientId;
  }

  Optional<Path> certificateAuthority() {
    return Optional.ofNullable(certificateAuthority);
  }
}
