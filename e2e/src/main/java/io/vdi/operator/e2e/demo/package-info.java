/**
 * The main job, shown with the tools that users have. Imports the development cluster and the
 * browser. Start reading at {@link io.vdi.operator.e2e.demo.Demo}.
 */
package io.vdi.operator.e2e.demo;
