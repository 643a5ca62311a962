package io.vdi.operator.cli.commands;

import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.cluster.OperatorSettings;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.cli.signin.OidcClient;
import io.vdi.operator.cli.signin.OidcTokens;
import io.vdi.operator.cli.signin.SignInFile;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kubectl vdi login}. */
@Command(
    name = "login",
    mixinStandardHelpOptions = true,
    description = {
      "Sign in at the OpenID Connect provider.",
      "",
      "Prints an address and a code; confirm the sign-in there in any browser. With --exec-credential it is a"
          + " credential plugin of kubectl:",
      "",
      "kubectl config set-credentials sso --exec-api-version=client.authentication.k8s.io/v1"
          + " --exec-interactive-mode=IfAvailable --exec-command=kubectl-vdi --exec-arg=login"
          + " --exec-arg=--exec-credential --exec-arg=--issuer=URL"
    })
public final class LoginCommand implements Callable<Integer> {
  /** An ID token that expires earlier is refreshed. */
  private static final Duration MARGIN = Duration.ofSeconds(30);

  private final Console console;
  private final OidcClient.Pause pause;
  private final InstantSource clock;

  @Mixin private ClusterOptions cluster;

  @Mixin private ProviderOptions provider;

  @Option(
      names = "--scopes",
      paramLabel = "SCOPE",
      split = ",",
      defaultValue = "openid,email,profile",
      description = "Scopes of the sign-in (default: ${DEFAULT-VALUE}).")
  private List<String> scopes;

  @Option(
      names = "--exec-credential",
      description =
          "Print an ExecCredential (client.authentication.k8s.io/v1); signs in only if needed.")
  private boolean execCredential;

  @Option(names = "--browser", description = "Also open the address in the browser.")
  private boolean browser;

  public LoginCommand(Console console) {
    this(console, time -> TimeUnit.NANOSECONDS.sleep(time.toNanos()), InstantSource.system());
  }

  LoginCommand(Console console, OidcClient.Pause pause, InstantSource clock) {
    this.console = console;
    this.pause = pause;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    String issuer = provider.issuer().orElseGet(this::issuerOfGate);
    SignInFile file = SignInFile.of(console.environment(), issuer, provider.clientId());
    if (execCredential) {
      console
          .out()
          .println(
              credential(
                  file.exclusively(
                      () -> known(file, issuer).orElseGet(() -> signIn(file, issuer)))));
      return 0;
    }
    OidcTokens signIn = file.exclusively(() -> signIn(file, issuer));
    console
        .out()
        .println(
            "Signed in as "
                + TerminalSanitizer.of(signIn.user())
                + " until "
                + signIn.expiresAt().truncatedTo(ChronoUnit.SECONDS)
                + (signIn.refreshToken().isPresent() ? ", renewed while it is used." : "."));
    console.out().println("The tokens are in " + file.path() + ".");
    return 0;
  }

  /** kubectl itself calls this command for a credential: it cannot ask the cluster then. */
  private String issuerOfGate() {
    if (execCredential) {
      throw new CliException.Usage("--exec-credential requires --issuer");
    }
    try (ClusterAccess access = cluster.connect(console.environment())) {
      return OperatorSettings.issuer(access)
          .orElseThrow(() -> new CliException.Failed("the gate has no provider; use --issuer"));
    } catch (CliException.ApiRejected e) {
      throw new CliException.Failed(
          "the settings of the gate cannot be read: " + e.getMessage() + "; use --issuer");
    }
  }

  /** The sign-in of the file, renewed if its ID token expires soon. */
  private Optional<OidcTokens> known(SignInFile file, String issuer) {
    Optional<OidcTokens> found = file.read();
    Instant soon = clock.instant().plus(MARGIN);
    if (found.filter(signIn -> signIn.expiresAt().isAfter(soon)).isPresent()) {
      return found;
    }
    Optional<OidcTokens> renewed =
        found
            .flatMap(OidcTokens::refreshToken)
            .flatMap(token -> {
              try (OidcClient client = client(issuer)) {
                return client.refresh(token);
              }
            });
    renewed.ifPresent(file::write);
    return renewed;
  }

  private OidcTokens signIn(SignInFile file, String issuer) {
    if (console
        .environment()
        .getOrDefault("KUBERNETES_EXEC_INFO", "")
        .contains("\"interactive\":false")) {
      throw new CliException.Failed("there is no sign-in: run kubectl vdi login first");
    }
    try (OidcClient client = client(issuer)) {
      OidcTokens signIn = client.signIn(scopes, this::show);
      file.write(signIn);
      return signIn;
    }
  }

  private OidcClient client(String issuer) {
    return new OidcClient(issuer, provider.clientId(), provider.certificateAuthority(), pause);
  }

  /** To standard error: with --exec-credential, kubectl reads standard output. */
  private void show(OidcClient.Prompt prompt) {
    console.err().println("To sign in, open " + TerminalSanitizer.of(prompt.address()));
    console
        .err()
        .println(
            "and enter the code "
                + TerminalSanitizer.of(prompt.code())
                + " within "
                + prompt.lifetime().toMinutes()
                + " minutes.");
    prompt
        .complete()
        .ifPresent(address ->
            console
                .err()
                .println("Or open " + TerminalSanitizer.of(address) + " and compare the code."));
    console.err().flush();
    if (browser) {
      DesktopBrowser.open(prompt.complete().orElse(prompt.address()), console);
    }
  }

  private static String credential(OidcTokens signIn) {
    JsonObject status = new JsonObject();
    status.addProperty(
        "expirationTimestamp", signIn.expiresAt().truncatedTo(ChronoUnit.SECONDS).toString());
    status.addProperty("token", signIn.idToken());
    JsonObject credential = new JsonObject();
    credential.addProperty("apiVersion", "client.authentication.k8s.io/v1");
    credential.addProperty("kind", "ExecCredential");
    credential.add("status", status);
    return credential.toString();
  }
}
