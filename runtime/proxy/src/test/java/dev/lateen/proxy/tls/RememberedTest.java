package dev.lateen.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RememberedTest {
    @Test
    void whatDoesNotFitMakesRoomForItself() {
        Remembered<Integer, String> two = new Remembered<>(2);
        assertThat(two.get(1)).isNull();
        two.put(1, "one");
        two.put(2, "two");
        assertThat(two.get(1)).isEqualTo("one");
        assertThat(two.get(2)).isEqualTo("two");
        two.put(3, "three");
        assertThat(two.get(3)).isEqualTo("three");
        assertThat(two.get(1)).isNull();
        assertThat(two.get(2)).isNull();
    }
}
