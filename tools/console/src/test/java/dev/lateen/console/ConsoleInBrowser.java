package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.telemetry.MeshTraffic;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;

/**
 * The console in a real browser, run by {@code .ci/parts/console}: of a live mesh where {@code -Dlateen.console=ADDRESS}
 * names one, else of one that is pretended. {@code -Dlateen.screenshots=DIRECTORY} keeps what was seen.
 */
final class ConsoleInBrowser {
    private static final String RULES = """
        {"rules":[{"kind":"VirtualService","namespace":"team-a","name":"web","state":"refused",
        "yaml":"apiVersion: networking.istio.io/v1\\nkind: VirtualService\\nspec:\\n  hosts:\\n  - web\\n  http:\\n  - timeout: soon\\n    route: []",
        "messages":[{"level":"ERROR","message":"spec.http[0].timeout: not a duration"}]},
        {"kind":"DestinationRule","namespace":"team-a","name":"web","state":"accepted","yaml":"spec: {}","messages":[]}],"problems":[]}\
        """;

    /** With what a client may have put into its fields. */
    private static final String REQUESTS = """
        {"pods":["team-a/web-1"],"last":3,"problem":"","requests":[
        {"number":1,"start_time":"2026-01-01T10:00:00.123Z","method":"GET","authority":"web","path":"/<img src=x onerror=alert(1)>",
        "response_code":"503","response_flags":"FI","response_code_details":"fault_filter_abort","duration":"3","route_name":"v1",
        "virtual_host":"web:80","upstream_cluster":"outbound|80||web","attempts":"1","user_agent":"</script><script>alert(1)</script>","trace_id":"0af7651916cd43dd8448eb211c80319c"},
        {"number":2,"start_time":"2026-01-01T10:00:01.123Z","method":"GET","authority":"web","path":"/","response_code":"200",
        "response_flags":"-","response_code_details":"via_upstream","duration":"12","upstream_cluster":"inbound|80||","upstream_host":"127.0.0.1:80"},
        {"number":3,"start_time":"2026-01-01T10:00:02.123Z","method":null,"authority":null,"path":null,"response_code":"0",
        "response_flags":"UAEX","connection_termination_details":"rbac_access_denied_matched_policy[none]","duration":"1",
        "bytes_received":"5","bytes_sent":"0","downstream_local_address":"10.0.0.2:9000","upstream_cluster":null}]}\
        """;

    private static final String SECURITY = """
        {"certificates":[{"pod":"team-a/web-1","identity":"spiffe://cluster.local/ns/team-a/sa/web","issued":"2026-01-01T10:00:00Z","expires":"2036-01-02T10:00:00Z"}],
        "denials":[{"pod":"team-a/web-1","id":"1","at":"2026-01-01T10:00:00Z","subject":"GET web/admin","reasons":["no policy allows it"]}],"problems":[]}\
        """;

    private static Browser browser;
    private static @Nullable Console pretended;
    private static String address;

    @BeforeAll
    static void open() throws IOException {
        address = System.getProperty("lateen.console", "");
        if (address.isEmpty()) {
            Console console = pretend(12);
            pretended = console;
            address = at(console);
        }
        browser = new Browser();
    }

    @AfterAll
    static void close() {
        browser.close();
        Console console = pretended;
        if (console != null) {
            console.close();
        }
    }

    private static Console pretend(int edges) throws IOException {
        MeshTraffic traffic = new MeshTraffic(2000);
        new PretendedMesh(edges).fill(traffic, Instant.now());
        return new Console(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Console.Source(
                        traffic,
                        () -> new MeshWatch.State(1, 2, List.of()),
                        () -> "{}",
                        PretendedMesh.control()::json,
                        () -> RULES,
                        _ -> REQUESTS,
                        () -> SECURITY),
                Console.Landing.MAP,
                _ -> Authorizer.Verdict.NOT_KNOWN);
    }

    private static String at(Console console) {
        return "http://127.0.0.1:" + console.address().getPort();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "map, /map, light",
        "map, /map, dark",
        "dashboards, /dashboards, light",
        "dashboards, /dashboards, dark",
        "dashboard-service, /dashboards?view=service, light",
        "dashboard-workload, /dashboards?view=workload, light",
        "dashboard-gateway, /dashboards?view=gateway, light",
        "dashboard-control, /dashboards?view=control, light",
        "requests, /requests, light",
        "requests, /requests, dark",
        "security, /security, light",
        "security, /security, dark",
        "rules, /rules, light",
        "rules, /rules, dark",
    })
    void pages(String name, String path, String scheme) throws IOException, InterruptedException {
        browser.scheme(scheme);
        browser.open(address + path);
        if (name.equals("requests")) {
            browser.await("document.querySelectorAll('tbody tr').length > 0");
        }
        Thread.sleep(600); // what fades in is there for the picture
        String shots = System.getProperty("lateen.screenshots", "");
        if (!shots.isEmpty()) {
            browser.screenshot(Path.of(shots, name + (scheme.equals("dark") ? "-dark" : "") + ".png"));
        }
        assertThat(browser.text()).contains("proxies read");
        assertThat(browser.complaints()).isEmpty();
        assertThat(browser.barriers()).isEmpty();
        browser.complaints(); // of axe itself
        String host = URI.create(address).getAuthority();
        assertThat(browser.requests()).isNotEmpty().allSatisfy(asked -> assertThat(
                        URI.create(asked).getAuthority())
                .isEqualTo(host));
    }

    @Test
    void theMapByKeyboard() {
        browser.scheme("light");
        browser.open(address + "/map");
        Actions keys = new Actions(browser.driver());
        keys.sendKeys(Keys.TAB).perform();
        assertThat(browser.driver().switchTo().activeElement().getText()).isEqualTo("To the content");
        browser.evaluate("document.querySelector('tbody button').focus()");
        keys.sendKeys(Keys.ENTER).perform();
        assertThat(browser.driver().findElement(By.id("details")).getText()).contains("requests per second");
        // The table is made anew every two seconds; who is in it stays in it.
        String focused = browser.driver().switchTo().activeElement().getDomAttribute("data-key");
        browser.evaluateAsync("setTimeout(arguments[0], 4500)");
        assertThat(browser.driver().switchTo().activeElement().getDomAttribute("data-key"))
                .isEqualTo(focused);
    }

    /** Only of the pretended mesh: its rule has a message, and its requests what a client made up. */
    @Test
    void aRefusedRuleShowsTheLine_andARequestWhatDecidedIt() throws IOException {
        try (Console console = pretend(4)) {
            browser.open(at(console) + "/rules");
            assertThat(browser.evaluate(
                            "return [...document.querySelectorAll('mark')].map(mark => mark.textContent).join('|')"))
                    .isEqualTo("  - timeout: soon");
            browser.open(at(console) + "/requests");
            browser.evaluate("document.querySelector('tbody tr:last-child button').click()");
            assertThat(browser.driver().findElement(By.id("details")).getText())
                    .contains(
                            "FI (fault that was asked for)",
                            "virtual host web:80 → route v1",
                            "/<img src=x onerror=alert(1)>");
            assertThat(browser.evaluate("return document.querySelectorAll('main img, main script').length"))
                    .isEqualTo(0L);
            browser.evaluate("document.querySelector('tbody tr:first-child button').click()");
            assertThat(browser.driver().findElement(By.id("details")).getText())
                    .contains(
                            "connection to 10.0.0.2:9000 refused after",
                            "5 bytes in, 0 out",
                            "UAEX (access refused)",
                            "rbac_access_denied_matched_policy[none]");
            browser.leave();
        }
    }

    /** An edge that passes a column of workloads has a row of its own there. */
    @Test
    void noEdgeRunsBehindAWorkload() {
        browser.open(address + "/map");
        assertThat(browser.evaluateAsync("""
                const done = arguments[0];
                import('/static/layout.js').then(({ layout }) => {
                  const nodes = ['a', 'b', 'c', 'd', 'e'].map(id => ({ id, namespace: 'x' }));
                  const places = layout(nodes, [['a', 'b'], ['a', 'c'], ['b', 'd'], ['c', 'd'], ['a', 'd'], ['d', 'e'], ['a', 'e']]);
                  const near = (id, of) => Math.abs(places.get(id).x - places.get(of).x) < 190 && Math.abs(places.get(id).y - places.get(of).y) < 46;
                  const edges = ['a → d', 'a → e'];
                  done(edges.map(edge => places.has(edge) && nodes.every(node => !near(node.id, edge))).join());
                }, failure => done(String(failure)));\
                """)).isEqualTo("true,true");
    }

    /** Only of the pretended mesh, whose control plane is always as busy. */
    @Test
    void theControlPlaneOverTime() throws IOException {
        try (Console console = pretend(4)) {
            browser.open(at(console) + "/dashboards?view=control");
            browser.await("document.querySelectorAll('figcaption span')[2].textContent !== ''");
            assertThat(
                            browser.evaluate(
                                    "return [...document.querySelectorAll('figcaption')].map(one => one.textContent).join('|')"))
                    .isEqualTo(
                            "Pushes per second: now pushes 2.00, refused 0.00|A change reaches a proxy: now p50 50 ms,"
                                    + " p99 99 ms|Processor: now cores 0.25|Memory: now MB 200");
            browser.leave();
        }
    }

    /** Only of the pretended mesh, which has no gateway. */
    @Test
    void aGatewayThatIsNotThereShowsNothingOfOthers() throws IOException {
        try (Console console = pretend(4)) {
            browser.open(at(console) + "/dashboards?view=gateway");
            browser.await("document.querySelector('figcaption span').textContent !== ''");
            assertThat(browser.text()).contains("No gateway has carried traffic yet.", "now all 0.00, failed 0.00");
            browser.leave();
        }
    }

    @Test
    void theTimeSliderShowsEarlierTimes() {
        browser.scheme("light");
        browser.open(address + "/map");
        browser.driver().findElement(By.id("time")).sendKeys(Keys.HOME);
        browser.await("document.querySelector('output').textContent !== 'now'");
        browser.driver().findElement(By.id("live")).click();
        browser.await("document.querySelector('output').textContent === 'now'");
    }

    /**
     * Moving 1,000 edges leaves room for 60 frames a second: what the page's thread works for each of them, all that is
     * drawn and every two seconds new figures included. Its processor time, as a busy machine shows fewer frames.
     */
    @Test
    void aThousandEdgesAreFluid() throws IOException {
        try (Console large = pretend(1000)) {
            browser.scheme("light");
            browser.open(at(large) + "/map");
            double before = browser.processorSeconds();
            Object frames = browser.evaluateAsync("""
                const done = arguments[0]; let frames = 0; const end = performance.now() + 8000;
                const turn = now => { frames++; if (now < end) requestAnimationFrame(turn); else done(frames); };
                requestAnimationFrame(turn);\
                """);
            double millis = (browser.processorSeconds() - before) * 1000 / Integer.parseInt(String.valueOf(frames));
            System.out.printf(
                    Locale.ROOT, "1,000 edges: %s frames in 8 s, %.1f ms of processor time each%n", frames, millis);
            String shots = System.getProperty("lateen.screenshots", "");
            if (!shots.isEmpty()) {
                browser.screenshot(Path.of(shots, "map-1000-edges.png"));
            }
            browser.leave();
            assertThat(millis).isLessThan(1000.0 / 60);
        }
    }
}
