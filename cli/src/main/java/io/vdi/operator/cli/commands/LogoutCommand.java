package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.cli.signin.OidcClient;
import io.vdi.operator.cli.signin.OidcTokens;
import io.vdi.operator.cli.signin.SignInFile;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi logout}. */
@Command(
    name = "logout",
    mixinStandardHelpOptions = true,
    description = "End the sign-in of kubectl vdi login, here and at the provider.")
public final class LogoutCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private ClusterOptions cluster;

  @Mixin private ProviderOptions provider;

  public LogoutCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    String issuer =
        provider
            .issuer()
            .orElseGet(() -> {
              try (ClusterAccess access = cluster.connect(console.environment())) {
                return OperatorSettings.issuer(access)
                    .orElseThrow(
                        () -> new CliException.Failed("the gate has no provider; use --issuer"));
              }
            });
    SignInFile file = SignInFile.of(console.environment(), issuer, provider.clientId());
    Optional<OidcTokens> signIn = file.read();
    // First here: the provider may be unreachable.
    file.delete();
    if (signIn.isEmpty()) {
      console.out().println("There was no sign-in at " + issuer + ".");
      return 0;
    }
    console.out().println("Signed out " + TerminalSanitizer.of(signIn.get().user()) + ".");
    signIn.get().refreshToken().ifPresent(token -> revoke(issuer, token));
    return 0;
  }

  private void revoke(String issuer, String token) {
    try (OidcClient client =
        new OidcClient(issuer, provider.clientId(), provider.certificateAuthority(), time -> {})) {
      if (!client.revoke(token)) {
        console.err().println("warning: the provider has not revoked the refresh token");
      }
    } catch (CliException.Failed e) {
      console.err().println("warning: the refresh token is not revoked: " + e.getMessage());
    }
  }
}
