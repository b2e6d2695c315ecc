"""Authors' names by number, each another one: English, Chinese and Korean ones in Latin letters, and some in Korean.
Family names are as uneven as they are: many are called Wang or Kim."""

# ruff: noqa: SIM905 - words in lines are read more easily than one a line.

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate

_ENGLISH_FAMILY = (
    "Smith Johnson Brown Williams Jones Miller Davis Wilson Anderson Taylor Martin Thompson White Harris Clark Lewis "
    "Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker Nelson Carter Mitchell Roberts Turner "
    "Phillips Campbell Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Reed "
    "Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray Hughes Price Myers Long Foster "
    "Sanders Ross Powell Sullivan Russell Fisher Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer "
    "Koch Bauer Richter Klein Wolf García Martínez López González Rodríguez Fernández Sánchez Pérez Gómez Díaz Rossi "
    "Russo Ferrari Bianchi Romano Colombo Ricci Marino Greco Bruno Dubois Moreau Laurent Lefebvre Leroy Roux Fournier "
    "Girard Bonnet Lambert Ivanov Petrov Smirnov Volkov Sokolov Novák Kowalski Nowak Jansen Visser Andersen Nielsen "
    "Hansen Larsson Svensson Virtanen Silva Santos Oliveira Souza Costa Kumar Sharma Singh Gupta Patel Reddy Iyer "
    "Tanaka Suzuki Sato Watanabe Ito Yamamoto Nakamura Kobayashi Nguyen Tran Pham Cohen Levy Mizrahi Hassan Ahmed"
).split()
_ENGLISH_GIVEN = (
    "James Mary John Patricia Robert Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Charles Karen Daniel Lisa Matthew Nancy Anthony Betty Mark Margaret Steven Sandra Paul "
    "Ashley Andrew Emily Joshua Donna Kenneth Michelle Kevin Carol Brian Amanda George Melissa Edward Deborah "
    "Ronald Stephanie Timothy Rebecca Jason Laura Jeffrey Helen Ryan Sharon Jacob Cynthia Gary Kathleen Nicholas "
    "Amy Eric Anna Jonathan Angela Stephen Ruth Larry Brenda Justin Pamela Scott Nicole Brandon Katherine "
    "Benjamin Emma Samuel Alice Gregory Julia Frank Sofia Alexander Grace Raymond Victoria Patrick Olga Jack "
    "Elena Dennis Irina Jerry Natalia Tyler Maria Aaron Lucia Jose Carmen Henry Chiara Adam Giulia Douglas "
    "Camille Nathan Chloé Peter Léa Zachary Inès Kyle Hannah Walter Leonie Harold Johanna Jeremy Lena Ethan "
    "Greta Carl Astrid Keith Freja Roger Ingrid Gerald Priya Christian Ananya Terry Divya Sean Neha Arthur Aarav "
    "Austin Rohan Noah Arjun Lawrence Vikram Jesse Yuki Joe Haruto Bryan Sora Billy Ren Jordan Minh Albert Linh "
    "Dylan Omar Bruce Layla Willie Noam Gabriel Tamar Alan Youssef Juan Fatima Logan"
).split()
_CHINESE_FAMILY = (
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Song Deng "
    "Han Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Lu Ding Ren Shen Yao Fan Fang Shi "
    "Tan Liao Zou Xiong Jin Hao Kong Bai Cui Kang Mao Qiu Qin Gu Hou Shao Meng Long Wan Duan Qian Yin Lai Gong Wen Pang"
).split()
_CHINESE_SYLLABLES = (
    "wei jing xin yu jia hao ming li yi jun xiao zi chen yan hui bo lei tao ning fei kai hong qi rui zhi yang feng han "
    "shu ying long xuan yue peng qing hua lin yun zhen jie xiang ran tian rong bin cheng shi hai lan meng chao dong "
    "liang jian guang sheng wen dan kun pei shan tong xue ze zhou ao bei chang da en fan gang heng ji ke lu man nan"
).split()
_KOREAN_FAMILY = (
    ("Kim", "김"),
    ("Lee", "이"),
    ("Park", "박"),
    ("Choi", "최"),
    ("Jung", "정"),
    ("Kang", "강"),
    ("Cho", "조"),
    ("Yoon", "윤"),
    ("Jang", "장"),
    ("Lim", "임"),
    ("Han", "한"),
    ("Oh", "오"),
    ("Seo", "서"),
    ("Shin", "신"),
    ("Kwon", "권"),
    ("Hwang", "황"),
    ("Ahn", "안"),
    ("Song", "송"),
    ("Yoo", "유"),
    ("Hong", "홍"),
    ("Jeon", "전"),
    ("Moon", "문"),
    ("Bae", "배"),
    ("Baek", "백"),
)
_KOREAN_SYLLABLES = tuple(
    pair.split("/")
    for pair in (
        "min/민 ji/지 seo/서 hyun/현 jun/준 young/영 su/수 jin/진 woo/우 hee/희 eun/은 kyung/경 sung/성 ho/호 jae/재 "
        "dong/동 yeon/연 ye/예 ha/하 na/나 yoon/윤 joo/주 hye/혜 tae/태 won/원 ah/아 in/인 chan/찬 gyu/규 hwan/환 "
        "seung/승 kwang/광 ik/익 soo/순 mi/미 yong/용 sang/상 do/도 bin/빈 yul/율 ram/람 rin/린 gun/건 cheol/철 ran/란 "
        "sol/솔 da/다 bit/빛 gang/강 han/한 byung/병 chang/창 gil/길 hoon/훈 hyo/효 il/일 jung/정 ki/기 lim/림 rae/래 "
        "sun/선 suk/석 sik/식 tak/탁 wan/완 wook/욱 yang/양 yub/엽 mo/모 nam/남 kook/국 kwan/관 heon/헌 hak/학 geun/근"
    ).split()
)


class _Style:
    """Names of one kind: family names by weight, and given names counted within each."""

    def __init__(self, families: int, given: int, evenness: float) -> None:
        self._given = given
        weights = [1 / (rank + evenness) for rank in range(families)]
        self._weights = [weight / sum(weights) for weight in weights]

    def share(self, count: int) -> list[int]:
        """How many of ``count`` names each family has, as running totals; none has more than there are given names."""
        sizes = [min(self._given, math.ceil(count * weight)) for weight in self._weights]
        for index in range(len(sizes)):
            missing = count - sum(sizes)
            if missing <= 0:
                break
            sizes[index] = min(self._given, sizes[index] + missing)
        if sum(sizes) < count:
            raise ValueError(f"there are no {count} names of a kind, only {sum(sizes)}")
        return list(accumulate(sizes))


_SHARES = (("english", 0.42), ("chinese", 0.36), ("latin korean", 0.14), ("korean", 0.08))
_STYLES = {
    "english": _Style(len(_ENGLISH_FAMILY), len(_ENGLISH_GIVEN) * 27, 12),
    "chinese": _Style(len(_CHINESE_FAMILY), len(_CHINESE_SYLLABLES) * (len(_CHINESE_SYLLABLES) + 1), 5),
    "latin korean": _Style(len(_KOREAN_FAMILY), len(_KOREAN_SYLLABLES) ** 2 * 3, 1),
    "korean": _Style(len(_KOREAN_FAMILY), len(_KOREAN_SYLLABLES) ** 2, 1),
}


class Names:
    """``count`` names; those with low numbers are meant to have the most papers."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._kinds = list(accumulate(math.ceil(count * share) for _, share in _SHARES))
        before = [0, *self._kinds]
        self._shares = [
            _STYLES[kind].share(end - start)
            for (kind, _), start, end in zip(_SHARES, before, self._kinds, strict=False)
        ]
        # A step without a common divisor visits every number once, and has neighbours be of every kind and family.
        self._step = next(step for step in range(int(count * 0.618) or 1, 2 * count + 2) if math.gcd(step, count) == 1)

    def __getitem__(self, number: int) -> str:
        at = number * self._step % self.count
        kind = bisect_right(self._kinds, at)
        within = at - (self._kinds[kind - 1] if kind else 0)
        ends = self._shares[kind]
        family = bisect_right(ends, within)
        given = within - (ends[family - 1] if family else 0)
        return _SPELL[_SHARES[kind][0]](family, given)


def _english(family: int, given: int) -> str:
    middle, first = divmod(given, len(_ENGLISH_GIVEN))
    initial = f" {chr(ord('A') + middle - 1)}." if middle else ""
    return f"{_ENGLISH_GIVEN[first]}{initial} {_ENGLISH_FAMILY[family]}"


def _chinese(family: int, given: int) -> str:
    second, first = divmod(given, len(_CHINESE_SYLLABLES))
    name = _CHINESE_SYLLABLES[first] + (_CHINESE_SYLLABLES[second - 1] if second else "")
    return f"{name.capitalize()} {_CHINESE_FAMILY[family]}"


def _latin_korean(family: int, given: int) -> str:
    rest, first = divmod(given, len(_KOREAN_SYLLABLES))
    style, second = divmod(rest, len(_KOREAN_SYLLABLES))
    one, two = _KOREAN_SYLLABLES[first][0], _KOREAN_SYLLABLES[second][0]
    # Written together, two names could be one: Jung-il and Jun-gil.
    given_name = (f"{one}-{two}", f"{one}-{two.capitalize()}", f"{one} {two.capitalize()}")[style]
    return f"{given_name[0].upper()}{given_name[1:]} {_KOREAN_FAMILY[family][0]}"


def _korean(family: int, given: int) -> str:
    second, first = divmod(given, len(_KOREAN_SYLLABLES))
    return _KOREAN_FAMILY[family][1] + _KOREAN_SYLLABLES[first][1] + _KOREAN_SYLLABLES[second][1]


_SPELL = {"english": _english, "chinese": _chinese, "latin korean": _latin_korean, "korean": _korean}
