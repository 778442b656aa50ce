package dev.lateen.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real browser: Chromium without a screen, driven as a person would. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ChromeDriver driver;

    Browser() {
        ChromeOptions options = new ChromeOptions();
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        options.addArguments("--window-size=1400,1000", "--hide-scrollbars", "--force-device-scale-factor=1");
        // What the browser itself would fetch from its maker.
        options.addArguments("--disable-background-networking", "--disable-component-update", "--no-first-run");
        options.setBinary("/usr/bin/chromium");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(Path.of("/usr/bin/chromedriver").toFile())
                        .build(),
                options);
    }

    /** Light or dark, as the system has it. */
    void scheme(String scheme) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Opens a page and waits for it to have shown its first figures. */
    void open(String address) {
        driver.get(address);
        await("document.body.dataset.ready === 'yes'");
    }

    void await(String condition) {
        evaluateAsync("const done = arguments[0];" + "const look = () => " + condition
                + " ? done() : setTimeout(look, 50); look();");
    }

    /** Goes away from the page, and forgets what it asked for. */
    void leave() {
        driver.get("about:blank");
        complaints();
        requests();
    }

    @Nullable
    Object evaluate(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    @Nullable
    Object evaluateAsync(String script) {
        driver.manage().timeouts().scriptTimeout(PATIENCE);
        return driver.executeAsyncScript(script);
    }

    /** What the page's thread has worked so far. */
    double processorSeconds() {
        driver.executeCdpCommand("Performance.enable", Map.of("timeDomain", "threadTicks"));
        Object metrics =
                driver.executeCdpCommand("Performance.getMetrics", Map.of()).get("metrics");
        JsonNode list = JsonMapper.shared().valueToTree(metrics);
        return StreamSupport.stream(list.spliterator(), false)
                .filter(metric -> metric.path("name").asString("").equals("TaskDuration"))
                .mapToDouble(metric -> metric.path("value").asDouble(0))
                .sum();
    }

    String text() {
        return driver.findElement(By.tagName("body")).getText();
    }

    ChromeDriver driver() {
        return driver;
    }

    /** Errors and warnings of the console since the last call. */
    List<String> complaints() {
        return StreamSupport.stream(driver.manage().logs().get(LogType.BROWSER).spliterator(), false)
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::toString)
                .toList();
    }

    /** Addresses that were asked for since the last call. */
    List<String> requests() {
        return StreamSupport.stream(
                        driver.manage().logs().get(LogType.PERFORMANCE).spliterator(), false)
                .map(entry -> JsonMapper.shared().readTree(entry.getMessage()).path("message"))
                .filter(message -> message.path("method").asString("").equals("Network.requestWillBeSent"))
                .map(message ->
                        message.path("params").path("request").path("url").asString(""))
                .filter(address -> !address.startsWith("data:"))
                .toList();
    }

    /** What axe finds wrong, one line each. */
    List<String> barriers() throws IOException {
        try (InputStream in =
                Browser.class.getResourceAsStream("/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js")) {
            if (in == null) {
                throw new IOException("axe is not on the class path");
            }
            // Through the debugger's protocol, which the page's policy does not concern.
            driver.executeCdpCommand(
                    "Runtime.evaluate", Map.of("expression", new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        }
        Object result = evaluateAsync("const done = arguments[arguments.length - 1];"
                + "axe.run().then(result => done(JSON.stringify(result.violations.map(violation =>"
                + " `${violation.id}: ${violation.help}: ${violation.nodes.map(node => node.html.slice(0, 160)).join(' ')}`))))"
                + ".catch(error => done(JSON.stringify([String(error)])));");
        JsonNode list = JsonMapper.shared().readTree(String.valueOf(result));
        return StreamSupport.stream(list.spliterator(), false)
                .map(node -> node.asString(""))
                .toList();
    }

    void screenshot(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
