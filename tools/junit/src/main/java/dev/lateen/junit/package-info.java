/**
 * Mesh tests: load rules, send a pretend request, assert the decision. No cluster, no socket, milliseconds.
 *
 * <pre>{@code
 * @MeshTest(files = {"k8s/apps.yaml", "k8s/rules"})
 * class CanaryTest {
 *     @Test
 *     void testers_getTheNewVersion(Mesh mesh) {
 *         mesh.request(GET, "http://reviews/").from("client").header("Cookie", "usertype=tester")
 *                 .goesTo("reviews").subset("v2");
 *     }
 *
 *     @Test
 *     void othersGetItInTenPercent(Mesh mesh) {
 *         mesh.request(GET, "http://reviews/").from("client")
 *                 .goesTo("reviews").share("v1", 90).share("v2", 10).timeout(Duration.ofSeconds(3)).retries(2);
 *     }
 * }
 * }</pre>
 */
@org.jspecify.annotations.NullMarked
package dev.lateen.junit;
