package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;

/**
 * The console in a real browser, run by {@code .ci/parts/console}: of a live mesh where {@code -Dlateen.console=ADDRESS}
 * names one, else of one that is pretended. {@code -Dlateen.screenshots=DIRECTORY} keeps what was seen.
 */
final class ConsoleInBrowser {
    private static Browser browser;
    private static @Nullable Console pretended;
    private static String address;

    @BeforeAll
    static void open() throws IOException {
        address = System.getProperty("lateen.console", "");
        if (address.isEmpty()) {
            Console console = PretendedConsole.of(12);
            pretended = console;
            address = PretendedConsole.at(console);
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
        try (Console console = PretendedConsole.of(4)) {
            browser.open(PretendedConsole.at(console) + "/rules");
            assertThat(browser.evaluate(
                            "return [...document.querySelectorAll('mark')].map(mark => mark.textContent).join('|')"))
                    .isEqualTo("  - timeout: soon");
            browser.open(PretendedConsole.at(console) + "/requests");
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
        try (Console console = PretendedConsole.of(4)) {
            browser.open(PretendedConsole.at(console) + "/dashboards?view=control");
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

    /** Only of the pretended mesh, whose messages are all about as large. */
    @ParameterizedTest
    @ValueSource(strings = {"service", "workload"})
    void sizesOfMessages_andHowTheyAreSecured(String view) throws IOException {
        try (Console console = PretendedConsole.of(4)) {
            browser.open(PretendedConsole.at(console) + "/dashboards?view=" + view);
            browser.await("document.querySelectorAll('figcaption span')[4].textContent !== ''");
            assertThat(
                            String.valueOf(
                                    browser.evaluate(
                                            "return [...document.querySelectorAll('figcaption')].slice(2).map(one => one.textContent).join('|')")))
                    .matches("Security: now mTLS [0-9.]+, plain text [0-9.]+"
                            + "\\|Size of requests: now p50 375 B, p99 498 B"
                            + "\\|Size of responses: now p50 1.8 kB, p99 2.5 kB");
            browser.leave();
        }
    }

    /** Only of the pretended mesh: a gateway is known by what runs in its pods, whatever its name. */
    @ParameterizedTest
    @CsvSource({"true, edge-istio", "false, ''"})
    void gatewaysAreToldFromOtherCallers(boolean told, String shown) throws IOException {
        Set<String> gateways = told ? Set.of(PretendedMesh.GATEWAY) : Set.of();
        try (Console console = PretendedConsole.of(4, new PretendedTail(), gateways)) {
            browser.open(PretendedConsole.at(console) + "/dashboards?view=gateway");
            browser.await("document.querySelector('figcaption span').textContent !== ''");
            assertThat(browser.evaluate(
                            "return [...document.querySelectorAll('#name option')].map(one => one.value).join()"))
                    .isEqualTo(shown);
            if (told) {
                assertThat(browser.text()).contains("service-0").doesNotContain("No gateway has carried traffic yet.");
            } else {
                assertThat(browser.text()).contains("No gateway has carried traffic yet.", "now all 0.00, failed 0.00");
            }
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
        try (Console large = PretendedConsole.of(1000)) {
            browser.scheme("light");
            browser.open(PretendedConsole.at(large) + "/map");
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
