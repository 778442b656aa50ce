package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
 * The pages of a pretended mesh without a mouse, in a real browser, run by {@code .ci/parts/console}: the tab key reaches
 * all there is to use and one sees where one is, and keys do what clicks do.
 */
final class KeyboardInBrowser {
    /** The place of what has the focus among all that can be used, in the order of the page. */
    private static final String PLACE = """
        return [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
          .filter(one => one.checkVisibility()).indexOf(document.activeElement);\
        """;

    private static final PretendedTail TAIL = new PretendedTail();

    private static Browser browser;
    private static Console console;

    @BeforeAll
    static void open() throws IOException {
        console = PretendedConsole.of(4, TAIL);
        browser = new Browser();
        browser.scheme("light");
    }

    @AfterAll
    static void close() {
        browser.close();
        console.close();
    }

    private static void show(String path) {
        browser.open(PretendedConsole.at(console) + path);
    }

    private static void press(CharSequence... keys) {
        new Actions(browser.driver()).sendKeys(keys).perform();
    }

    private static void focus(String selector) {
        browser.evaluate("document.querySelector(arguments[0]).focus()", selector);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/dashboards",
                "/dashboards?view=service",
                "/dashboards?view=workload",
                "/dashboards?view=gateway",
                "/dashboards?view=control",
                "/requests",
                "/rules",
                "/security"
            })
    void tabReachesEverything_andShowsWhereItIs(String path) {
        show(path);
        long all = Long.parseLong(
                String.valueOf(browser.evaluate(PLACE.replace(".indexOf(document.activeElement)", ".length"))));
        for (long place = 0; place < all; place++) {
            press(Keys.TAB);
            assertThat(browser.evaluate(PLACE)).isEqualTo(place);
            assertThat(browser.evaluate("return getComputedStyle(document.activeElement).outline"))
                    .asString()
                    .contains("solid 3px");
        }
    }

    @ParameterizedTest(name = "{0}: {2} on {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        /security                | .skip                                     | ENTER      | document.activeElement.id === 'content'
        /security                | header a[href="/rules"]                   | ENTER      | document.body.dataset.page === 'rules'
        /dashboards              | main nav a[href$="view=service"]          | ENTER      | location.search === '?view=service'
        /dashboards              | [data-key^="service "]                    | ENTER      | /^.view=service&name=./.test(location.search)
        /dashboards?view=service | #range                                    | ARROW_DOWN | document.querySelector('#range').value === '3600'
        /rules                   | #wrong                                    | SPACE      | document.querySelectorAll('tbody tr').length === 1
        /rules                   | details:last-of-type summary              | SPACE      | document.querySelector('details:last-of-type').open
        /rules                   | [data-key="DestinationRule/team-a/web"]   | ENTER      | document.querySelector('details:last-of-type').open
        /requests                | button[aria-pressed]                      | SPACE      | document.querySelector('button[aria-pressed=true]') !== null
        /requests                | tbody button                              | ENTER      | document.querySelector('#details b') !== null
        """)
    void keysDoWhatClicksDo(String path, String control, Keys key, String then) {
        show(path);
        focus(control);
        press(key);
        browser.await(then);
    }

    /** Those that began the tail, by their numbers, the newest first. */
    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        find     | timeout   | 3
        service  | shop      | 3
        service  | WEB       | 2,1
        status   | 5xx       | 3,1
        status   | 200, 503  | 2,1
        status   | 404       |
        method   | POST      | 3
        method   | none      | 4
        path     | /orders   | 3
        flag     | any       | 4,3,1
        flag     | UAEX      | 4
        duration | 12        | 3,2
        """)
    void filters(String control, String typed, String numbers) {
        show("/requests");
        browser.await("document.querySelectorAll('tbody tr').length > 0");
        focus("#" + control);
        press(typed);
        browser.await("[...document.querySelectorAll('tbody button')].map(one => Number(one.dataset.key))"
                + ".filter(number => number < 5).join() === '" + (numbers == null ? "" : numbers) + "'");
    }

    /** What ends while one looks is held against the filters too, and all of it is there when they are gone. */
    @Test
    void filtersHoldInTheLiveTail() {
        show("/requests");
        focus("#status");
        press("5xx");
        focus("#path");
        press("/live");
        browser.await("document.querySelectorAll('tbody tr').length === 0");
        for (String code : new String[] {"200", "503", "404"}) {
            TAIL.add("""
                "start_time":"2026-01-01T10:01:00.000Z","method":"GET","authority":"live","path":"/live","response_code":"%s",
                "response_flags":"-","duration":"1","upstream_cluster":"outbound|80||live"\
                """.formatted(code));
        }
        browser.await("document.querySelectorAll('tbody tr').length === 1");
        assertThat(browser.driver().findElement(By.cssSelector("tbody tr")).getText())
                .contains("GET live/live 503");
        focus("#clear");
        press(Keys.ENTER);
        browser.await("document.querySelectorAll('tbody tr').length === 7");
    }
}
