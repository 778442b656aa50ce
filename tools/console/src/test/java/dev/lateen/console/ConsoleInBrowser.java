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
                        () -> "{\"rules\":[],\"problems\":[]}"),
                Console.Landing.MAP);
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
        "rules, /rules, light",
        "rules, /rules, dark",
    })
    void pages(String name, String path, String scheme) throws IOException, InterruptedException {
        browser.scheme(scheme);
        browser.open(address + path);
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
                    requestAnimationFrame(turn);""");
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
