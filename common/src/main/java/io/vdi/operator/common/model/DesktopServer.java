package io.vdi.operator.common.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the operator has to know about the server in a desktop image: how it is reached, how it gets
 * the password, and how it reports its clients. This is the only place that has the facts of each
 * {@link Flavor}; docs/flavors.md has their sources.
 *
 * @param port on which it listens, unless the template sets one
 * @param scheme that it speaks on this port; with HTTPS it has a certificate that nobody can verify
 * @param user the user name that it asks for, unless the template sets the variable
 * @param variables of the container, in their order
 * @param homePath where the home is mounted, unless the template sets a path
 * @param activity how the reaper learns who is connected
 * @param streaming how the picture reaches the browser
 */
public record DesktopServer(
    int port,
    Scheme scheme,
    String user,
    List<Variable> variables,
    String homePath,
    ActivitySource activity,
    Streaming streaming) {
  private static final String TURN_PREFIX = "SELKIES_TURN_";

  /** The user name of images in which the operator can choose it. */
  private static final String USER = "ubuntu";

  /** The user and group that own the home. */
  private static final String HOME_OWNER = "1000";

  private static final DesktopServer SELKIES =
      new DesktopServer(
          8080,
          Scheme.HTTP,
          USER,
          List.of(
              new Variable("SELKIES_ENCODER", Setting.ENCODER),
              new Variable("SELKIES_BASIC_AUTH_PASSWORD", Setting.PASSWORD),
              new Variable("SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD", Setting.VIEWER_PASSWORD),
              new Variable("SELKIES_ENABLE_BASIC_AUTH", new Fixed("true")),
              new Variable("SELKIES_BASIC_AUTH_USER", Setting.USER),
              new Variable("DISPLAY", new Fixed(":0")),
              new Variable("SELKIES_ADDR", new Fixed("0.0.0.0")),
              new Variable("SELKIES_PORT", Setting.PORT)),
          "/home/user",
          ActivitySource.Api.SELKIES,
          Streaming.SELECTABLE);

  /**
   * In the images an nginx listens on NGINX_PORT and passes requests on to Selkies at SELKIES_PORT,
   * which must be another port. Where Selkies listens itself, its own default is 8080 too.
   */
  private static final DesktopServer SELKIES1 =
      new DesktopServer(
          8080,
          Scheme.HTTP,
          USER,
          List.of(
              new Variable("SELKIES_ENCODER", Setting.ENCODER),
              new Variable("SELKIES_BASIC_AUTH_PASSWORD", Setting.PASSWORD),
              new Variable("SELKIES_ENABLE_BASIC_AUTH", new Fixed("true")),
              new Variable("SELKIES_BASIC_AUTH_USER", Setting.USER),
              new Variable("SELKIES_ENABLE_HTTPS", new Fixed("false")),
              new Variable("NGINX_PORT", Setting.PORT)),
          "/home/ubuntu",
          new ActivitySource.None(),
          Streaming.WEBRTC);

  /** PUID and PGID own the home; the image would choose 911. */
  private static final DesktopServer LINUXSERVER =
      new DesktopServer(
          3000,
          Scheme.HTTP,
          "abc",
          List.of(
              new Variable("CUSTOM_USER", Setting.USER),
              new Variable("PASSWORD", Setting.PASSWORD),
              new Variable("CUSTOM_PORT", Setting.PORT),
              new Variable("PUID", new Default(HOME_OWNER)),
              new Variable("PGID", new Default(HOME_OWNER))),
          "/config",
          new ActivitySource.None(),
          Streaming.OWN);

  /** The start script of the images creates the user kasm_user and a certificate. */
  private static final DesktopServer KASMVNC =
      new DesktopServer(
          6901,
          Scheme.HTTPS,
          "kasm_user",
          List.of(
              new Variable("VNC_PW", Setting.PASSWORD), new Variable("NO_VNC_PORT", Setting.PORT)),
          "/home/kasm-user",
          ActivitySource.Api.KASMVNC,
          Streaming.OWN);

  public DesktopServer {
    variables = List.copyOf(variables);
  }

  /** A variable of the container, and what it is set to. */
  public record Variable(String name, Source source) {
    boolean isReserved() {
      return switch (source) {
        case Setting.USER -> false;
        case Setting.ENCODER, Setting.PASSWORD, Setting.VIEWER_PASSWORD, Setting.PORT -> true;
        case Fixed _ -> true;
        case Default _ -> false;
      };
    }
  }

  /** Where the value of a variable comes from. */
  public sealed interface Source {}

  /** Values that depend on template and session. A template can set the variable of the user. */
  public enum Setting implements Source {
    ENCODER,
    PASSWORD,
    VIEWER_PASSWORD,
    PORT,
    USER
  }

  /** A value that the desktop does not work without: a template cannot set the variable. */
  public record Fixed(String value) implements Source {}

  /** A value that a template can replace. */
  public record Default(String value) implements Source {}

  /** How the picture reaches the browser. */
  public enum Streaming {
    /** Selkies 2: {@code spec.transport} selects it. */
    SELECTABLE,
    /** Selkies 1: always over WebRTC, with the TURN credentials of the session. */
    WEBRTC,
    /** Over the connection to the port; there is nothing to select. */
    OWN
  }

  /** How the reaper learns who is connected to a desktop. */
  public sealed interface ActivitySource {
    /** A request to the desktop. */
    enum Api implements ActivitySource {
      /**
       * {@code GET /api/sessions} of Selkies 2. In the image of this project it also has the time
       * since the last input.
       */
      SELKIES,
      /** {@code GET /api/get_bottleneck_stats} of KasmVNC, which has an entry for each client. */
      KASMVNC
    }

    /** The server does not report its clients, so a session never becomes idle. */
    record None() implements ActivitySource {}
  }

  /**
   * The server of a flavor.
   *
   * @param custom describes it where the flavor does not
   */
  public static DesktopServer of(Flavor flavor, VdiTemplate.Custom custom) {
    return switch (flavor) {
      case SELKIES -> SELKIES;
      case SELKIES1 -> SELKIES1;
      case LINUXSERVER -> LINUXSERVER;
      case KASMVNC -> KASMVNC;
      case CUSTOM ->
          new DesktopServer(
              custom.port(),
              custom.scheme(),
              custom.user().isEmpty() ? USER : custom.user(),
              Stream.of(
                      new Variable(custom.userEnv(), Setting.USER),
                      new Variable(custom.passwordEnv(), Setting.PASSWORD))
                  .filter(variable -> !variable.name().isEmpty())
                  .toList(),
              "/home/user",
              new ActivitySource.None(),
              Streaming.OWN);
    };
  }

  /** The variable by which a template can choose another user name; empty if there is none. */
  public Optional<String> userVariable() {
    return variables.stream()
        .filter(variable -> variable.source() == Setting.USER)
        .map(Variable::name)
        .findFirst();
  }

  /** Whether a template may not set this variable: without the operator's value nothing works. */
  public boolean isReserved(String variable) {
    boolean relay =
        switch (streaming) {
          case SELECTABLE, WEBRTC -> variable.startsWith(TURN_PREFIX);
          case OWN -> false;
        };
    return relay
        || variables.stream().anyMatch(own -> own.name().equals(variable) && own.isReserved());
  }

  /**
   * Whether a session can have guests: the desktop has a login that only shows the picture, and the
   * gate can end the connections of a guest.
   */
  public boolean canShare() {
    return variables.stream().anyMatch(variable -> variable.source() == Setting.VIEWER_PASSWORD);
  }
}
