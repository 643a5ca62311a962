package io.vdi.operator.architecture;

import org.junit.jupiter.api.Test;

class ImagesImportsTest {
  @Test
  void packagesImportOnlyWhatTheyMay() {
    ImportRules.of("io.vdi.operator.images")
        .allow(
            "",
            "images of the services, which are trained on a development cluster",
            "common.kube",
            "common.model",
            "devcluster.addons",
            "devcluster.build",
            "devcluster.cluster",
            "devcluster.operator",
            "devcluster.process",
            "com.google.cloud.tools.jib",
            "com.google.gson",
            "java.io",
            "java.net",
            "java.nio",
            "org.apache.commons.codec",
            "org.apache.commons.compress",
            "org.slf4j")
        .check();
  }
}
