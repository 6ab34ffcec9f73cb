"""Invented names and numbers of people, institutions and accounts. Nobody real is meant."""

from random import Random

from models.identity import make_usci

COUNTIES = (
    ("东湖区", "360102"),
    ("西湖区", "360103"),
    ("青云谱区", "360104"),
    ("青山湖区", "360111"),
    ("新建区", "360112"),
    ("红谷滩区", "360113"),
    ("南昌县", "360121"),
    ("安义县", "360123"),
    ("进贤县", "360124"),
)
SUBJECTS = ("美术", "舞蹈", "钢琴", "书法", "编程", "篮球", "围棋", "声乐")
ACADEMIC_SUBJECTS = ("语文", "数学", "英语")

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛奚范彭郎"
)
_GIVEN = "安柏晨初丹尔芳歌禾嘉可岚明宁欧平琪然舒桐唯希雅泽知航宇轩涵悦霖昕楠珂萱逸朗钰"
_SCHOOL_WORDS = ("星禾", "青榆", "小满", "云帆", "知行", "松果", "麦田", "晨曦", "木棉", "橙树")
_SCHOOL_ENDINGS = ("艺术培训中心", "文化培训学校", "教育培训有限公司", "体育培训中心")
# Without I, O, S, V and Z, which a credit code never holds.
_SERIAL_LETTERS = "ABCDEFGH"
_ACCOUNT_DIGITS = {"ganjiang": 19, "tengwang": 16, "ccb": 20, "boc": 12}


def person(rng: Random, surname: str = "") -> str:
    """A name of two or three characters; with a surname given, a relative."""
    given = "".join(rng.choices(_GIVEN, k=2 if rng.random() < 0.9 else 1))
    return (surname or rng.choice(_SURNAMES)) + given


class People:
    """Hands out names of payers, each once within an institution."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def new(self, surname: str = "") -> str:
        """A name that nobody here has yet; a fourth character when three are used up."""
        name = person(self._rng, surname)
        while name in self._used:
            name = person(self._rng, surname) + self._rng.choice(_GIVEN)
        self._used.add(name)
        return name


def school(rng: Random, county: str, index: int) -> str:
    """The invented name of an institution; the number keeps it apart from all others."""
    return f"{county}{rng.choice(_SCHOOL_WORDS)}{index}号{rng.choice(_SCHOOL_ENDINGS)}"


def usci(rng: Random, area: str, *, non_profit: bool) -> str:
    """A credit code whose check digits hold."""
    serial = rng.choice(_SERIAL_LETTERS) + digits(rng, 7)
    return make_usci("5" if non_profit else "9", "2" if non_profit else "1", area, serial)


def account_number(rng: Random, bank: str, index: int, ordinal: int) -> str:
    """A corporate account number of the bank's length, unique by institution and ordinal."""
    length = _ACCOUNT_DIGITS[bank]
    return digits(rng, length - 7, first="1234567") + f"{index:05d}{ordinal:02d}"


def card_number(rng: Random) -> str:
    """A payer's card: 19 digits with a prefix that no bank uses."""
    return "6299" + digits(rng, 15)


def digits(rng: Random, count: int, first: str = "0123456789") -> str:
    """So many random digits, the first of them out of a choice."""
    return rng.choice(first) + str(rng.randrange(10 ** (count - 1))).zfill(count - 1)
