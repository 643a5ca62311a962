/**
 * The demo: a session from kubectl apply to a desktop in a browser. Imports the development
 * cluster, the plugin and the browser. Start reading at {@link io.vdi.operator.e2e.demo.Demo}.
 */
package io.vdi.operator.e2e.demo;
