package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for {@code spec.flavor} and {@code spec.custom}; AgreementIT compares the schema. */
class FlavorRulesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{image: x, flavor: selkies, port: 9000, healthPath: /h, encoder: x264enc, transport: dual}",
        "{image: x, flavor: selkies1, port: 9000, encoder: x264enc}",
        "{image: x, flavor: linuxserver, port: 9000, homePath: /data}",
        "{image: x, flavor: kasmvnc, env: [{name: VNCOPTIONS, value: -x}]}",
        "{image: x, flavor: custom, custom: {port: 80, passwordEnv: P}}",
        "{image: x, flavor: custom, custom: {port: 80, scheme: https, user: a@b.c, userEnv: U,"
            + " passwordEnv: P, healthPath: /h}}",
        "{image: x, flavor: linuxserver, env: [{name: SELKIES_ENCODER, value: jpeg}]}",
        "{image: x, flavor: selkies1, env: [{name: SELKIES_PORT, value: '8081'}]}"
      })
  void valid(String spec) {
    assertThat(violations(spec)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {flavor: webtop}                                   | spec.flavor "webtop": must be one of selkies, selkies1, linuxserver, kasmvnc, custom
          {flavor: 1}                                        | spec.flavor 1: must be a string: must be one of selkies
          {custom: {port: 80, passwordEnv: P}}               | spec.custom {…}: is only for flavor custom: set flavor to custom, or leave it out
          {flavor: kasmvnc, custom: {port: 80, passwordEnv: P}} | spec.custom {…}: is only for flavor custom
          {flavor: custom}                                   | spec.flavor "custom": needs custom.port and custom.passwordEnv: give them
          {flavor: custom, custom: {passwordEnv: P}}         | spec.custom.port: is missing: give the port on which the image listens, such as 8443
          {flavor: custom, custom: {port: 80}}               | spec.custom.passwordEnv: is missing: give the variable
          {flavor: custom, custom: {port: 0, passwordEnv: P}} | spec.custom.port 0: must be a port, from 1 to 65535
          {flavor: custom, custom: {port: 65536, passwordEnv: P}} | spec.custom.port 65536: must be a port
          {flavor: custom, custom: {port: '80', passwordEnv: P}} | spec.custom.port "80": must be a port
          {flavor: custom, custom: {port: 80, scheme: tcp, passwordEnv: P}} | spec.custom.scheme "tcp": must be http or https
          {flavor: custom, custom: {port: 80, user: 'a:b', passwordEnv: P}} | spec.custom.user "a:b": must be at most 64 letters
          {flavor: custom, custom: {port: 80, passwordEnv: 'P W'}} | spec.custom.passwordEnv "P W": must be the name of a variable
          {flavor: custom, custom: {port: 80, passwordEnv: NVIDIA_VISIBLE_DEVICES}} | spec.custom.passwordEnv "NVIDIA_VISIBLE_DEVICES": must be the name of a variable
          {flavor: custom, custom: {port: 80, passwordEnv: P, userEnv: P}} | spec.custom.userEnv "P": is also passwordEnv
          {flavor: custom, custom: {port: 80, passwordEnv: P, healthPath: h}} | spec.custom.healthPath "h": must begin with '/'
          {flavor: custom, custom: 80}                       | spec.custom 80: must be an object
          {flavor: custom, port: 80, custom: {port: 80, passwordEnv: P}} | spec.port 80: is not for flavor custom: use custom.port
          {flavor: custom, healthPath: /h, custom: {port: 80, passwordEnv: P}} | spec.healthPath "/h": is not for flavor custom: use custom.healthPath
          {flavor: custom, encoder: x, custom: {port: 80, passwordEnv: P}} | spec.encoder "x": has no effect with flavor custom
          {flavor: selkies1, healthPath: /health}            | spec.healthPath "/health": is not for flavor selkies1, which asks a probe for the password: leave it out
          {flavor: linuxserver, healthPath: /}               | spec.healthPath "/": is not for flavor linuxserver
          {flavor: kasmvnc, transport: webrtc}               | spec.transport "webrtc": has no effect with flavor kasmvnc
          {flavor: selkies1, transport: websockets}          | spec.transport "websockets": is not for flavor selkies1, which uses WebRTC
          {flavor: linuxserver, env: [{name: PASSWORD, value: x}]} | spec.env[0].name "PASSWORD": is the operator's own
          {flavor: kasmvnc, env: [{name: VNC_PW, value: x}]} | spec.env[0].name "VNC_PW": is the operator's own
          {flavor: selkies1, env: [{name: NGINX_PORT, value: '1'}]} | spec.env[0].name "NGINX_PORT": is the operator's own
          {flavor: custom, custom: {port: 80, passwordEnv: P}, env: [{name: P, value: x}]} | spec.env[0].name "P": is the operator's own
          {flavor: kasmvnc, podTemplate: {spec: {containers: [{name: selkies, env: [{name: VNC_PW, value: x}]}]}}} | spec.podTemplate.spec.containers[selkies].env "VNC_PW"
          {flavor: kasmvnc, podTemplate: {spec: {containers: [{name: proxy, image: y, ports: [{containerPort: 6901}]}]}}} | spec.podTemplate.spec.containers[proxy].ports
          {flavor: linuxserver, podTemplate: {spec: {containers: [{name: selkies, volumeMounts: [{name: a, mountPath: /config}]}]}}} | spec.podTemplate.spec.containers[selkies].volumeMounts "/config"
          """)
  void refused(String spec, String message) {
    assertThat(violations("{image: x, " + spec.substring(1)))
        .singleElement()
        .asString()
        .startsWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {image: x}                    | {image: x, flavor: selkies} |
          {image: x, flavor: selkies}   | {image: x}                  |
          {image: x, flavor: kasmvnc}   | {image: y, flavor: kasmvnc} |
          {image: x}                    | {image: x, flavor: kasmvnc} | spec.flavor "kasmvnc": is immutable, and is selkies
          {image: x, flavor: kasmvnc}   | {image: x}                  | spec.flavor "selkies": is immutable, and is kasmvnc
          {image: x, flavor: custom, custom: {port: 80, passwordEnv: P}} | {image: x, flavor: custom, custom: {port: 81, passwordEnv: Q, scheme: http}} |
          {image: x, flavor: custom, custom: {port: 80, passwordEnv: P}} | {image: x, flavor: custom, custom: {port: 80, passwordEnv: P, scheme: https}} | spec.custom.scheme "https": is immutable, and is http
          """)
  void changed(String before, String now, String message) {
    List<String> violations =
        TemplateRules.violations(template(now), Optional.of(template(before)), List.of());
    if (message == null) {
      assertThat(violations).isEmpty();
    } else {
      assertThat(violations).singleElement().asString().startsWith(message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {flavor: kasmvnc, idleTimeout: 1h}                      |
          {flavor: selkies1, idleTimeout: 1h}                     | spec.idleTimeout has no effect: desktops of flavor selkies1 do not report who is connected
          {flavor: selkies1, maxIdleTimeout: 1h}                  | spec.maxIdleTimeout has no effect
          {idleOn: NoInput, idleTimeout: 1h}                      |
          {flavor: kasmvnc, idleOn: Disconnect}                   |
          {flavor: kasmvnc, idleOn: NoInput}                      | spec.idleOn NoInput: desktops of flavor kasmvnc do not report the last input, so a session is not idle while a client is connected; set idleOn to Disconnect
          {flavor: selkies1, idleOn: NoInput}                     | spec.idleOn has no effect: desktops of flavor selkies1 do not report who is connected
          {flavor: linuxserver}                                   | spec.flavor linuxserver: the image starts as root
          {flavor: linuxserver, securityContext: {capabilities: {add: [SETUID]}}} |
          """)
  void warnings(String spec, String warning) {
    List<String> warnings = TemplateRules.warnings(template(spec));
    if (warning == null) {
      assertThat(warnings).isEmpty();
    } else {
      assertThat(warnings).singleElement().asString().startsWith(warning);
    }
  }

  @Test
  void aSessionWithAnIdleTimeoutIsWarned() {
    VdiSession.Spec session =
        new VdiSession.Spec("a@b.cc", "t", null, null, null, "1h", null, false);
    assertThat(
            SessionWarnings.of(
                session, Requests.cluster("{image: x, flavor: linuxserver}").template(), false))
        .singleElement()
        .isEqualTo(
            "spec.idleTimeout has no effect: desktops of flavor linuxserver do not report who is"
                + " connected");
  }

  private static List<String> violations(String spec) {
    return TemplateRules.violations(template(spec), Optional.empty(), List.of());
  }

  private static JsonObject template(String spec) {
    return Manifests.parse("{metadata: {name: t}, spec: " + spec + "}").getFirst();
  }
}
