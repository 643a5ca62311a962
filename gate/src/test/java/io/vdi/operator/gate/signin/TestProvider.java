package io.vdi.operator.gate.signin;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/** A provider in this process that can be made to answer wrongly. SignInIT uses a real one. */
public final class TestProvider implements AutoCloseable {
  /** Of each provider: to make a key takes longer than most tests. */
  private static final RSAKey FIRST_KEY = newKey("k1");

  public static final String CLIENT = "vdi";

  private final HttpServer server;
  private final List<String> tokenRequests = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile RSAKey key = FIRST_KEY;
  private volatile Function<JWTClaimsSet.Builder, String> idToken = claims -> sign(claims.build());
  private volatile String nonce = "";
  private volatile String session = "session-1";
  private volatile String userInfo = "{\"sub\": \"sub-alice\"}";

  private TestProvider(HttpServer server) {
    this.server = server;
  }

  public static TestProvider start() {
    return start(address -> HttpServer.create(address, 0));
  }

  /** The same with TLS. */
  public static TestProvider start(SSLContext tls) {
    return start(address -> {
      HttpsServer server = HttpsServer.create(address, 0);
      server.setHttpsConfigurator(new HttpsConfigurator(tls));
      return server;
    });
  }

  @FunctionalInterface
  private interface Creator {
    HttpServer create(InetSocketAddress address) throws IOException;
  }

  private static TestProvider start(Creator creator) {
    try {
      TestProvider provider =
          new TestProvider(
              creator.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
      provider.server.createContext("/", provider::handle);
      provider.server.start();
      return provider;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String issuer() {
    return (server instanceof HttpsServer ? "https" : "http")
        + "://127.0.0.1:"
        + server.getAddress().getPort();
  }

  /** The bodies of the requests for tokens. */
  public List<String> tokenRequests() {
    return List.copyOf(tokenRequests);
  }

  public long requestsFor(String path) {
    return requests.stream().filter(path::equals).count();
  }

  /** Signs with a new key from now on; the old one is not published any more. */
  public void rotate(String id) {
    key = newKey(id);
  }

  public RSAKey key() {
    return key;
  }

  /** How an ID token is made of the right claims. */
  public void idToken(Function<JWTClaimsSet.Builder, String> how) {
    idToken = how;
  }

  /** Who signs in from now on. */
  public void user(String email, String... groups) {
    idToken(claims ->
        sign(
            claims
                .subject("sub-" + email)
                .claim("email", email)
                .claim("groups", List.of(groups))
                .build()));
  }

  /** The nonce of the next ID token. */
  public void nonce(String next) {
    nonce = next;
  }

  /** Makes right ID tokens again, of another session of the provider. */
  public void reset(String newSession) {
    session = newSession;
    idToken = claims -> sign(claims.build());
  }

  /** The answer of the userinfo endpoint; empty: 500. */
  public void userInfo(String json) {
    userInfo = json;
  }

  /** The claims of a logout token, of one session. */
  public JWTClaimsSet.Builder logoutClaims(String session) {
    return new JWTClaimsSet.Builder()
        .issuer(issuer())
        .audience(CLIENT)
        .issueTime(Date.from(Instant.now()))
        .expirationTime(Date.from(Instant.now().plusSeconds(60)))
        .jwtID("j1")
        .claim("sid", session)
        .claim("events", Map.of("http://schemas.openid.net/event/backchannel-logout", Map.of()));
  }

  public String sign(JWTClaimsSet claims) {
    return sign(claims, key);
  }

  public static String sign(JWTClaimsSet claims, RSAKey with) {
    try {
      SignedJWT jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.RS256)
                  .keyID(with.getKeyID())
                  .type(JOSEObjectType.JWT)
                  .build(),
              claims);
      jwt.sign(new RSASSASigner(with));
      return jwt.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  public static RSAKey newKey(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(path);
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String answer =
        switch (path) {
          case "/.well-known/openid-configuration" ->
              """
              {"issuer": "%1$s", "authorization_endpoint": "%1$s/auth",
               "token_endpoint": "%1$s/token", "jwks_uri": "%1$s/keys",
               "userinfo_endpoint": "%1$s/userinfo",
               "end_session_endpoint": "%1$s/logout",
               "subject_types_supported": ["public"], "response_types_supported": ["code"],
               "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
              """
                  .formatted(issuer());
          case "/keys" -> new JWKSet(key.toPublicJWK()).toString();
          case "/token" -> {
            tokenRequests.add(body);
            yield "{\"access_token\": \"a\", \"token_type\": \"Bearer\", \"id_token\": \"%s\"}"
                .formatted(idToken.apply(claims()));
          }
          case "/userinfo" -> userInfo;
          default -> "{}";
        };
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(bytes.length == 0 ? 500 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(issuer())
        .audience(CLIENT)
        .subject("sub-alice")
        .issueTime(Date.from(Instant.now()))
        .expirationTime(Date.from(Instant.now().plusSeconds(60)))
        .claim("nonce", nonce)
        .claim("sid", session)
        .claim("email", "alice@example.com")
        .claim("email_verified", true)
        .claim("groups", List.of("staff", "admins"));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
